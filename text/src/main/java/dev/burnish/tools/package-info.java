/// Calls of tools in the text of models: how models write them, and how they are read while the
/// text comes.
@NullMarked
package dev.burnish.tools;

import org.jspecify.annotations.NullMarked;
