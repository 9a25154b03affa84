/// Tools of servers of the Model Context Protocol, by its official SDK.
@NullMarked
package dev.burnish.mcp;

import org.jspecify.annotations.NullMarked;
