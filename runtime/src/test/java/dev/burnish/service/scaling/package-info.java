@NullMarked
package dev.burnish.service.scaling;

import org.jspecify.annotations.NullMarked;
