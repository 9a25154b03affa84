/// Tests of scopes and process settings.
@NullMarked
package dev.burnish.concurrent;

import org.jspecify.annotations.NullMarked;
