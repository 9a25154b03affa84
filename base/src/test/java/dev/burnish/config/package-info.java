/// Tests of configuration.
@NullMarked
package dev.burnish.config;

import org.jspecify.annotations.NullMarked;
