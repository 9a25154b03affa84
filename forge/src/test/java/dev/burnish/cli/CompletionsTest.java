package dev.burnish.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.model.LanguageModel;
import dev.burnish.model.PeftAdapter;
import dev.burnish.nn.LoraConfig;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.testing.TinyModels;
import dev.burnish.text.CharacterTokenizer;
import dev.burnish.text.Tokenizer;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompletionsTest {
  private static final String DEFAULTS =
      """
      {"do_sample": true, "temperature": 0.3, "top_p": 0.8, "top_k": 5, "eos_token_id": [1, 3],
       "no_repeat_ngram_size": 3, "typical_p": 1.0}\
      """;

  @TempDir Path folder;

  @BeforeEach
  void writeAModel() throws Exception {
    try (Tokenizer tokenizer = CharacterTokenizer.of("abc 0");
        LanguageModel model = TinyModels.llama(tokenizer.vocabularySize(), 1, 7)) {
      tokenizer.save(folder);
      model.save(folder);
    }
    Files.writeString(folder.resolve("generation_config.json"), DEFAULTS);
  }

  private GenerateOptions options(OptionalDouble temperature) {
    return options(temperature, Optional.empty());
  }

  private GenerateOptions options(OptionalDouble temperature, Optional<Path> adapter) {
    return new GenerateOptions(
        folder.toString(),
        adapter,
        "abc",
        false,
        Optional.empty(),
        temperature,
        OptionalDouble.empty(),
        OptionalInt.empty(),
        3,
        List.of(),
        OptionalLong.of(11),
        1);
  }

  private static final class Heard implements Completions.Output {
    private final List<SamplingParams> params = new ArrayList<>();
    private final List<String> unused = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();

    @Override
    public void sampling(SamplingParams sampling, List<String> notUsed) {
      params.add(sampling);
      unused.addAll(notUsed);
    }

    @Override
    public void text(int index, String piece) {
      text.append(piece);
    }

    @Override
    public void finished(int index, String reason, int numTokens) {}
  }

  @Test
  void samplesWithTheModelsDefaultsWhereNoneAreGivenAndNamesTheUnknownOnes() {
    Heard heard = new Heard();
    Completions.generate(options(OptionalDouble.empty()), heard);
    Completions.generate(options(OptionalDouble.of(0.7)), heard);
    assertThat(heard.params).extracting(SamplingParams::temperature).containsExactly(0.3, 0.7);
    assertThat(heard.params).extracting(params -> params.truncation().topP()).containsOnly(0.8);
    assertThat(heard.params).extracting(params -> params.truncation().topK()).containsOnly(5);
    assertThat(heard.unused).containsExactly("no_repeat_ngram_size=3", "no_repeat_ngram_size=3");
  }

  @Test
  void jsonSaysWhatWasSampledWith() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    Completions.generate(options(OptionalDouble.empty()), new GenerateCommand.Whole(out, true));
    assertThat(bytes.toString(StandardCharsets.UTF_8))
        .contains("\"temperature\":0.3,\"topP\":0.8,\"topK\":5,\"seed\":11}");
  }

  @Test
  void theDefaultsAndTheirEndTokensOutliveLoadingAndSaving() throws Exception {
    Path copy = folder.resolve("copy");
    try (LanguageModel model = LanguageModel.load(folder)) {
      assertThat(model.endTokens()).containsExactly(1, 3);
      model.save(copy);
    }
    assertThat(Files.readString(copy.resolve("generation_config.json")))
        .contains("no_repeat_ngram_size", "0.3");
    try (LanguageModel again = LanguageModel.load(copy)) {
      assertThat(again.endTokens()).containsExactly(1, 3);
    }
  }

  @Test
  void anAdapterChangesWhatIsSaid() throws Exception {
    Path adapter = folder.resolve("adapter");
    try (LanguageModel model =
        LanguageModel.load(folder).adapt(LoraConfig.defaults().withRank(2), 1)) {
      // Bs that are not zero make a change.
      model.decoder().trained().forEach(part -> part.values().fill_(0.5));
      PeftAdapter.save(model, folder.toString(), adapter);
      Heard merged = new Heard();
      model.save(folder.resolve("merged"));
      try (Tokenizer tokenizer = CharacterTokenizer.of("abc 0")) {
        tokenizer.save(folder.resolve("merged"));
      }
      Heard plain = new Heard();
      Completions.generate(options(OptionalDouble.of(0)), plain);
      Heard adapted = new Heard();
      Completions.generate(options(OptionalDouble.of(0), Optional.of(adapter)), adapted);
      GenerateOptions ofMerged =
          new GenerateOptions(
              folder.resolve("merged").toString(),
              Optional.empty(),
              "abc",
              false,
              Optional.empty(),
              OptionalDouble.of(0),
              OptionalDouble.empty(),
              OptionalInt.empty(),
              3,
              List.of(),
              OptionalLong.of(11),
              1);
      Completions.generate(ofMerged, merged);
      assertThat(adapted.text).hasToString(merged.text.toString());
      assertThat(adapted.text.toString()).isNotEqualTo(plain.text.toString());
    }
  }
}
