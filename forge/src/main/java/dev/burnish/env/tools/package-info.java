/// Tools for policies: a calculator, search in a corpus, scratch files.
@NullMarked
package dev.burnish.env.tools;

import org.jspecify.annotations.NullMarked;
