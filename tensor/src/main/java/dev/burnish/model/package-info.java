/// Published architectures: how each one's `config.json` becomes a decoder, and models as folders
/// in Hugging Face layout.
///
/// Adding an architecture is one class like [dev.burnish.model.Llama], named in
/// [dev.burnish.model.Architecture#ALL].
@NullMarked
package dev.burnish.model;

import org.jspecify.annotations.NullMarked;
