@NullMarked
package dev.burnish.service.directory;

import org.jspecify.annotations.NullMarked;
