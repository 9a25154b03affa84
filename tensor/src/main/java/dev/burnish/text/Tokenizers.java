package dev.burnish.text;

import tools.jackson.databind.JsonNode;

/// Picks the encoder and the decoder for a `tokenizer.json`.
final class Tokenizers {
  private Tokenizers() {}

  static Tokenizer of(TokenizerFiles files) {
    TokenizerJson json = TokenizerJson.parse(files);
    NativeTokenizer library = new NativeTokenizer(json);
    return new FileTokenizer(json, library, decoder(json, library));
  }

  private static TokenDecoder decoder(TokenizerJson json, TokenDecoder library) {
    JsonNode decoder = json.root().path("decoder");
    return switch (decoder.path("type").asString("")) {
      case "ByteLevel" -> TokenBytes.byteLevel(json.vocabulary());
      case "Fuse" -> TokenBytes.plain(json.vocabulary());
      default -> library;
    };
  }
}
