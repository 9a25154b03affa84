package dev.burnish.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.burnish.Pretrained;
import dev.burnish.engine.BatchGenerator;
import dev.burnish.engine.EngineSettings;
import dev.burnish.kernel.WeightFormat;
import dev.burnish.model.LanguageModel;
import dev.burnish.model.PeftAdapter;
import dev.burnish.nn.LoraConfig;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.Structure;
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
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

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
        model(folder, adapter),
        EngineSettings.defaults(),
        "abc",
        false,
        Optional.empty(),
        sampling(temperature));
  }

  private static Supplier<Pretrained> model(Path folder, Optional<Path> adapter) {
    List<String> flags = new ArrayList<>(List.of("--model", folder.toString()));
    adapter.ifPresent(path -> flags.addAll(List.of("--adapter", path.toString())));
    ModelFlags parsed = new ModelFlags();
    new CommandLine(CommandLine.Model.CommandSpec.forAnnotatedObject(parsed))
        .parseArgs(flags.toArray(String[]::new));
    return parsed::load;
  }

  private static UnaryOperator<SamplingParams> sampling(OptionalDouble temperature) {
    return defaults -> {
      SamplingParams params = defaults.withMaxTokens(3).withSeed(11);
      return temperature.isPresent() ? params.withTemperature(temperature.getAsDouble()) : params;
    };
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
    public void finished(int index, Completion completion) {}
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
  void flagsChangeTheModelsDefaultsAndNothingElse() throws Exception {
    Path schema = Files.writeString(folder.resolve("schema.json"), "{}");
    SamplingParams model = SamplingParams.defaults().withTopK(5).withStop(List.of("z"));
    assertThat(flags("--seed", "1").over(model)).isEqualTo(model.withSeed(1));
    assertThat(
            flags(
                    "--seed=2 --temperature=0.5 --top-p=0.9 --top-k=7 --min-p=0.1 --typical-p=0.8"
                        .concat(" --repetition-penalty=1.2 --presence-penalty=0.3")
                        .concat(" --frequency-penalty=0.4 --max-tokens=9 --min-tokens=2 --stop=y")
                        .concat(" --stop-token=4 --logprobs=3 -n=2")
                        .split(" "))
                .over(model))
        .isEqualTo(
            model
                .withN(2)
                .withSeed(2)
                .withTemperature(0.5)
                .withTruncation(new SamplingParams.Truncation(0.9, 7, 0.1, 0.8))
                .withPenalties(new SamplingParams.Penalties(1.2, 0.3, 0.4))
                .withMaxTokens(9)
                .withMinTokens(2)
                .withStop(List.of("z", "y"))
                .withStopTokens(List.of(4))
                .withLogprobs(
                    new SamplingParams.Logprobs(3, SamplingParams.Logprobs.Distribution.TEMPERED)));
    assertThat(flags("--json-schema", schema.toString()).over(model).structure())
        .isEqualTo(new Structure.JsonSchema("{}"));
    assertThat(flags("--regex", "a+").over(model).structure()).isEqualTo(new Structure.Regex("a+"));
    assertThat(flags("--choice", "a", "--choice", "b").over(model).structure())
        .isEqualTo(new Structure.Choice(List.of("a", "b")));
  }

  private static SamplingFlags flags(String... flags) {
    SamplingFlags parsed = new SamplingFlags();
    new CommandLine(CommandLine.Model.CommandSpec.forAnnotatedObject(parsed)).parseArgs(flags);
    return parsed;
  }

  private ModelFlags modelFlags(String... more) {
    List<String> flags = new ArrayList<>(List.of("--model", folder.toString()));
    flags.addAll(List.of(more));
    ModelFlags parsed = new ModelFlags();
    new CommandLine(CommandLine.Model.CommandSpec.forAnnotatedObject(parsed))
        .parseArgs(flags.toArray(String[]::new));
    return parsed;
  }

  @Test
  void weightsAreChosenByNameAndF32IfNothingIsSaid() {
    assertThat(modelFlags().engine()).isEqualTo(EngineSettings.defaults());
    for (WeightFormat format : WeightFormat.values()) {
      String name = WeightFormats.name(format);
      assertThat(modelFlags("--weights", name).engine())
          .isEqualTo(EngineSettings.defaults().withWeights(format));
    }
    assertThatThrownBy(() -> modelFlags("--weights", "int4"))
        .hasMessageContaining("must be one of f32, bf16, int8: value=int4");
  }

  @Test
  void weightsOfAFormatChangeLogprobsByLittle() {
    SamplingParams greedy = SamplingParams.defaults().withTemperature(0).withMaxTokens(1);
    try (Pretrained model = modelFlags().load()) {
      List<float[]> logprobs = new ArrayList<>();
      for (WeightFormat format : WeightFormat.values()) {
        logprobs.add(
            new BatchGenerator(
                    model.model(), model.prompts(), EngineSettings.defaults().withWeights(format))
                .generate(Prompt.text("abc"), greedy)
                .completions()
                .getFirst()
                .logprobs());
      }
      for (float[] other : logprobs.subList(1, logprobs.size())) {
        assertThat(other[0]).isNotEqualTo(logprobs.getFirst()[0]);
        assertThat(other[0]).isCloseTo(logprobs.getFirst()[0], within(0.1f));
      }
    }
  }

  @Test
  void aStructureAndLogprobsComeOutAsJson() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    GenerateOptions options =
        new GenerateOptions(
            model(folder, Optional.empty()),
            EngineSettings.defaults(),
            "abc",
            false,
            Optional.empty(),
            flags("--choice", "cac", "--logprobs", "1", "--seed", "3")::over);
    Completions.generate(options, new GenerateCommand.Whole(out, true));
    assertThat(bytes.toString(StandardCharsets.UTF_8))
        .contains("\"text\":\"cac\",\"finishReason\":\"stop\",\"tokens\":4")
        .contains("\"logprobs\":[{\"token\":4,\"logprob\":0.0,\"top\":{\"4\":0.0}},");
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
              model(folder.resolve("merged"), Optional.empty()),
              EngineSettings.defaults(),
              "abc",
              false,
              Optional.empty(),
              sampling(OptionalDouble.of(0)));
      Completions.generate(ofMerged, merged);
      assertThat(adapted.text).hasToString(merged.text.toString());
      assertThat(adapted.text.toString()).isNotEqualTo(plain.text.toString());
    }
  }
}
