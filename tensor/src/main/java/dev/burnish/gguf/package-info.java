/// GGUF files: a mapped reader with de-quantisation that gives weights under Hugging Face names, a
/// writer, and what a GGUF file and a folder in Hugging Face layout say about configuration and
/// tokenizer, translated in both directions.
@NullMarked
package dev.burnish.gguf;

import org.jspecify.annotations.NullMarked;
