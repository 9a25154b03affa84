/// GGUF files: a mapped reader with de-quantisation that gives weights under Hugging Face names, a
/// writer, and the translation of configuration and tokenizer between a GGUF file and a folder in
/// Hugging Face layout, in both directions.
@NullMarked
package dev.burnish.gguf;

import org.jspecify.annotations.NullMarked;
