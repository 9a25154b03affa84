@NullMarked
package dev.burnish.mcp;

import org.jspecify.annotations.NullMarked;
