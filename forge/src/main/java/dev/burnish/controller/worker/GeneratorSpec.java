package dev.burnish.controller.worker;

import dev.burnish.engine.EngineSettings;
import dev.burnish.engine.PromptEncoder;
import dev.burnish.engine.http.ServerSettings;
import dev.burnish.model.ModelSpec;
import dev.burnish.text.ChatTemplate;
import dev.burnish.text.Tokenizer;
import dev.burnish.text.TokenizerFiles;
import java.util.Map;
import java.util.Optional;

/// The material of the process of a generator, except the weights.
///
/// @param tokenizer its files by name
/// @param settings of its engine
/// @param server that generates in its place, where one is set
@SuppressWarnings("ArrayRecordComponent") // contents of files travel as arrays; never compared
public record GeneratorSpec(
    ModelSpec model,
    Map<String, byte[]> tokenizer,
    EngineSettings settings,
    ServerSettings server) {
  public GeneratorSpec {
    tokenizer = Map.copyOf(tokenizer);
  }

  PromptEncoder encoder() {
    TokenizerFiles files = new TokenizerFiles("the policy's tokenizer", tokenizer);
    return new PromptEncoder(Optional.of(Tokenizer.of(files)), ChatTemplate.of(files));
  }
}
