/// The server of `burnish serve`: OpenAI's HTTP interface over the generation engine.
@NullMarked
package dev.burnish.serve;

import org.jspecify.annotations.NullMarked;
