@NullMarked
package dev.burnish.service.routing;

import org.jspecify.annotations.NullMarked;
