package dev.burnish.text;

import java.util.Optional;
import tools.jackson.databind.JsonNode;

/// Picks the encoder and the decoder for a `tokenizer.json`.
final class Tokenizers {
  private Tokenizers() {}

  static Tokenizer of(TokenizerFiles files) {
    TokenizerJson json = TokenizerJson.parse(files);
    LazyNative library = new LazyNative(json);
    Optional<TokenDecoder> decoder = decoder(json);
    Optional<BytePairEncoder> encoder = BytePairEncoder.of(json, library::get);
    if (encoder.isEmpty() || decoder.isEmpty()) {
      library.get(); // reports errors of the file at once
    }
    TokenEncoder chosen = encoder.map(TokenEncoder.class::cast).orElseGet(library::get);
    return new FileTokenizer(json, chosen, decoder.orElseGet(library::get), library);
  }

  /// The decoder in Java, if the file's is one that joins bytes.
  private static Optional<TokenDecoder> decoder(TokenizerJson json) {
    JsonNode decoder = json.root().path("decoder");
    return switch (decoder.path("type").asString("")) {
      case "ByteLevel" -> Optional.of(TokenBytes.byteLevel(json.vocabulary()));
      case "Fuse" -> Optional.of(TokenBytes.plain(json.vocabulary()));
      default -> Optional.empty();
    };
  }
}
