package dev.burnish.serve;

import dev.burnish.text.Tokenizer;

/// How the logprobs of an answer name tokens.
///
/// @param byId as `token_id:42`, which is exact where a token is not a whole character
record TokenTexts(Tokenizer tokenizer, boolean byId) {
  String of(int token) {
    return byId ? "token_id:" + token : tokenizer.decode(token);
  }

  /// Characters of the token's text.
  int length(int token) {
    return tokenizer.decode(token).length();
  }
}
