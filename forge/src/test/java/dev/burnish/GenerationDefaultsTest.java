package dev.burnish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.rollout.Priority;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.Structure;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

class GenerationDefaultsTest {
  private static GenerationDefaults of(String json) {
    return GenerationDefaults.of((ObjectNode) JsonMapper.shared().readTree(json));
  }

  @Test
  void withoutDoSampleItIsGreedy() {
    for (String json : new String[] {"{}", "{'do_sample': null}", "{'do_sample': false}"}) {
      assertThat(of(json.replace('\'', '"')).sampling().temperature()).as(json).isZero();
    }
    SamplingParams greedy = of("{\"temperature\": 0.6, \"top_k\": 20, \"top_p\": 0.95}").sampling();
    assertThat(greedy.temperature()).isZero();
    assertThat(greedy.truncation().topK()).isEqualTo(20);
    assertThat(greedy.truncation().topP()).isEqualTo(0.95);
  }

  @Test
  void whereItSamplesTheDefaultsAreThoseOfTransformers() {
    SamplingParams drawn = of("{\"do_sample\": true}").sampling();

    assertThat(drawn.temperature()).isEqualTo(1);
    assertThat(drawn.truncation().topK()).isEqualTo(50);
    assertThat(drawn.truncation().topP()).isEqualTo(1);
    assertThat(
            of("{\"do_sample\": true, \"top_k\": 0, \"top_p\": null}")
                .sampling()
                .truncation()
                .topK())
        .isZero();
  }

  @Test
  void trainingSamplesFromTheModelsOwnDistribution() {
    assertThat(SamplingParams.defaults())
        .isEqualTo(
            new SamplingParams(
                1,
                1,
                256,
                1,
                new SamplingParams.Truncation(1, 0, 0, 1),
                new SamplingParams.TokenRules(List.of(), List.of(), List.of(), Map.of()),
                new SamplingParams.Penalties(1, 0, 0),
                new SamplingParams.Stop(List.of(), List.of(), 0, SamplingParams.Stop.AtEnd.STOP),
                new Structure.Free(),
                new SamplingParams.Logprobs(0, SamplingParams.Logprobs.Distribution.TEMPERED),
                Priority.TRAINING,
                0));
  }

  @Test
  void suppressedTokensAreHonoured() {
    GenerationDefaults defaults = of("{\"suppress_tokens\": [3, 5], \"eos_token_id\": [1, 2]}");

    assertThat(defaults.sampling().tokens().suppressed()).containsExactly(3, 5);
    assertThat(defaults.unused()).isEmpty();
  }

  @Test
  void truncationPenaltyBadWordsAndStopTextsAreHonoured() {
    GenerationDefaults defaults =
        of(
            """
            {"do_sample": true, "top_k": 0, "min_p": 0.1, "typical_p": 0.9,
             "repetition_penalty": 1.05, "bad_words_ids": [[3], [4, 5]], "stop_strings": ["x"]}
            """);

    assertThat(defaults.unused()).isEmpty();
    assertThat(defaults.sampling())
        .isEqualTo(
            SamplingParams.defaults()
                .withMinP(0.1)
                .withTypicalP(0.9)
                .withRepetitionPenalty(1.05)
                .withBadWords(List.of(List.of(3), List.of(4, 5)))
                .withStop(List.of("x")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"forced_eos_token_id\":[2,3]",
        "\"forced_bos_token_id\":1",
        "\"begin_suppress_tokens\":[220]",
        "\"sequence_bias\":[[[10],-10.0]]",
        "\"exponential_decay_length_penalty\":[5,1.1]",
        "\"no_repeat_ngram_size\":3",
        "\"num_beams\":4",
        "\"min_length\":5",
        "\"guidance_scale\":1.5",
        "\"watermarking_config\":{\"bias\":2.5}",
        "\"presence_penalty\":1.5",
        "\"a_setting_of_tomorrow\":1"
      })
  void whatMayChangeACompletionAndIsNotOfferedIsNamed(String setting) {
    assertThat(of("{" + setting + "}").unused())
        .containsExactly(setting.replaceFirst("\"(\\w+)\":", "$1="));
  }

  @Test
  void whatDoesNothingIsNotNamed() {
    String json =
        """
        {"_from_model_config": true, "bos_token_id": 1, "pad_token_id": 0, "max_length": 4096,
         "max_new_tokens": 20, "use_cache": false, "transformers_version": "5.0.0",
         "repetition_penalty": 1.0, "no_repeat_ngram_size": 0, "min_p": null, "num_beams": 1,
         "bad_words_ids": null, "begin_suppress_tokens": [], "remove_invalid_values": false,
         "guidance_scale": 1, "typical_p": 1.0}
        """;
    assertThat(of(json).unused()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"top_k\": -1",
        "\"top_p\": 1.5",
        "\"temperature\": -1",
        "\"top_p\": \"high\"",
        "\"min_p\": 2"
      })
  void aValueThatCannotBeIsNamedWithItsFile(String setting) {
    assertThatThrownBy(() -> of("{" + setting + "}"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(setting.replaceAll("^\"|\":.*", "") + " of generation_config.json");
  }
}
