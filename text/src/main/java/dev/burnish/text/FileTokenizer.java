package dev.burnish.text;

import java.util.Optional;
import java.util.OptionalInt;

/// A tokenizer read from a `tokenizer.json`.
final class FileTokenizer implements Tokenizer {
  private final TokenizerJson json;
  private final Vocabulary vocabulary;
  private final TokenEncoder encoder;
  private final TokenDecoder decoder;
  private final LazyNative library;
  private final Optional<ChatTemplate> chatTemplate;
  private final TextFrame frame;

  FileTokenizer(
      TokenizerJson json, TokenEncoder encoder, TokenDecoder decoder, LazyNative library) {
    this.library = library;
    this.json = json;
    this.vocabulary = json.vocabulary();
    this.encoder = encoder;
    this.decoder = decoder;
    this.chatTemplate = ChatTemplate.of(json.files());
    this.frame = json.frame();
  }

  @Override
  public int[] encode(String text) {
    library.checkOpen();
    return encoder.encode(wellFormed(text));
  }

  @Override
  public TextFrame frame() {
    return frame;
  }

  @Override
  public Encoding encodeWithOffsets(String text) {
    library.checkOpen();
    return encoder.encodeWithOffsets(wellFormed(text));
  }

  /// The text with each lone surrogate as U+FFFD; indices stay as they are.
  static String wellFormed(String text) {
    char[] repaired = null;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!Character.isSurrogate(c)) {
        continue;
      }
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
        continue;
      }
      if (repaired == null) {
        repaired = text.toCharArray();
      }
      repaired[i] = '\uFFFD';
    }
    return repaired == null ? text : new String(repaired);
  }

  @Override
  public String decode(int[] ids, boolean skipSpecial) {
    return decoder.decode(ids, skipSpecial);
  }

  @Override
  public StreamingDecoder stream() {
    return decoder.stream();
  }

  @Override
  public int vocabularySize() {
    return vocabulary.size();
  }

  @Override
  public OptionalInt id(String token) {
    return vocabulary.id(token);
  }

  @Override
  public String token(int id) {
    return vocabulary
        .token(id)
        .orElseThrow(() ->
            new IllegalArgumentException(
                "no token has id=%d; ids are below vocabularySize=%d"
                    .formatted(id, vocabulary.size())));
  }

  @Override
  public byte[] bytes(int id) {
    if (decoder instanceof TokenBytes bytes) {
      return bytes.of(id).clone();
    }
    throw new TokenizerException(
        "tokens must have bytes of their own here: decoder of %s in %s joins them by their neighbours; use a model with a ByteLevel or Fuse decoder"
            .formatted(TokenizerFiles.TOKENIZER, json.files().origin()));
  }

  @Override
  public boolean isSpecial(int id) {
    return vocabulary.isSpecial(id);
  }

  @Override
  public OptionalInt beginId() {
    return json.specialId("bos_token");
  }

  @Override
  public OptionalInt endId() {
    return json.specialId("eos_token");
  }

  @Override
  public OptionalInt padId() {
    return json.specialId("pad_token");
  }

  @Override
  public Optional<ChatTemplate> chatTemplate() {
    return chatTemplate;
  }

  @Override
  public TokenizerFiles files() {
    return json.files();
  }

  @Override
  public void close() {
    library.close();
  }
}
