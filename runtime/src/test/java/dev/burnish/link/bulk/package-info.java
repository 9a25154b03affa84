@NullMarked
package dev.burnish.link.bulk;

import org.jspecify.annotations.NullMarked;
