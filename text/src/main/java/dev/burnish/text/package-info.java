/// Text to token ids and back, and conversations to text: tokenizers of Hugging Face's
/// `tokenizer.json`, a character tokenizer, chat templates and the loss masks that follow from
/// them.
@NullMarked
package dev.burnish.text;

import org.jspecify.annotations.NullMarked;
