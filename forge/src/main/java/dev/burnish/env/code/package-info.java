/// Programs of models, and their worth: run in sandboxes, judged by tests that they cannot read.
@NullMarked
package dev.burnish.env.code;

import org.jspecify.annotations.NullMarked;
