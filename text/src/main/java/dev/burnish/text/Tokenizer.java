package dev.burnish.text;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// Turns text into token ids and back. Safe for use by many threads at once.
///
/// Lone surrogates in a text are read as U+FFFD, since no byte sequence stands for them.
public interface Tokenizer extends AutoCloseable {
  /// The tokenizer of a folder in Hugging Face layout: `tokenizer.json`, and where they exist
  /// `tokenizer_config.json`, `special_tokens_map.json` and `chat_template.jinja`.
  ///
  /// @throws TokenizerException if `tokenizer.json` is missing or malformed
  static Tokenizer load(Path directory) {
    return Tokenizers.of(TokenizerFiles.read(directory));
  }

  /// The tokenizer that such files describe, wherever they came from.
  ///
  /// @throws TokenizerException if `tokenizer.json` is malformed
  static Tokenizer of(TokenizerFiles files) {
    return Tokenizers.of(files);
  }

  /// Token ids of the text. Special tokens that are written in the text (`<|im_end|>`) are
  /// recognised; none is put before or after it.
  int[] encode(String text);

  /// The tokens that belong before and after every plain text; none for most tokenizers.
  default TextFrame frame() {
    return TextFrame.NONE;
  }

  /// Token ids of a whole plain text: those of [#encode] with the tokens that belong before and
  /// after it, as `tokenizer(text)` of transformers gives them. A rendered chat is no plain text:
  /// its template has written them.
  default int[] encodePlain(String text) {
    return frame().around(encode(text));
  }

  /// Like [#encode], with the place in the text of each token.
  Encoding encodeWithOffsets(String text);

  /// Encodes many texts on all cores; the result is in the order of the texts.
  default List<int[]> encodeAll(List<String> texts) {
    return texts.parallelStream().map(this::encode).toList();
  }

  /// Text of the ids, special tokens included. Bytes that are no UTF-8 become U+FFFD; ids that have
  /// no token, such as the padding of a model's vocabulary, have no text.
  default String decode(int... ids) {
    return decode(ids, false);
  }

  String decode(int[] ids, boolean skipSpecial);

  /// A decoder for the tokens of one generation, special tokens included.
  StreamingDecoder stream();

  /// One more than the largest id.
  int vocabularySize();

  /// The id of a token as it is written in the vocabulary, such as `<|im_end|>` or `Ġthe`.
  OptionalInt id(String token);

  /// The token of an id, as it is written in the vocabulary.
  ///
  /// @throws IllegalArgumentException if no token has that id
  String token(int id);

  /// The bytes that a token stands for in a text, whatever its neighbours are; none where no token
  /// has that id.
  ///
  /// @throws TokenizerException if this tokenizer's tokens have no bytes of their own: their text
  ///   depends on their neighbours
  byte[] bytes(int id);

  /// Whether the id is that of a special token: one that stands for no text of the user.
  boolean isSpecial(int id);

  /// The token that the files name as begin of sequence.
  OptionalInt beginId();

  /// The token that the files name as end of sequence.
  OptionalInt endId();

  /// The token that the files name for padding.
  OptionalInt padId();

  /// The chat template that came with the tokenizer.
  Optional<ChatTemplate> chatTemplate();

  /// The files from which transformers, [#load] and [#of] make this tokenizer again.
  TokenizerFiles files();

  /// Writes the [#files] to a folder, each atomically.
  default void save(Path directory) {
    files().write(directory);
  }

  @Override
  void close();
}
