package dev.burnish.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.engine.http.HttpGenerator;
import dev.burnish.engine.http.ServerSettings.Kind;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.Group;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.VersionRange;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/// `burnish serve` as the server of a generator in another process.
class RemoteGeneratorTest {
  private static final List<Prompt> PROMPTS =
      List.of(
          Prompt.text("one"), Prompt.text("one"), Prompt.user("two"), Prompt.tokens(5, 6, 7, 8));

  @Test
  void tokensAndLogprobsAreThoseOfAGeneratorHere() {
    try (TestServer server = TestServer.withEndTokens();
        HttpGenerator remote =
            HttpGenerator.of(
                dev.burnish.engine.http.ServerSettings.of(
                    Kind.BURNISH, server.uri(""), Path.of("")),
                server.model.prompts())) {
      SamplingParams params =
          SamplingParams.defaults().withN(3).withMaxTokens(40).withTemperature(0.8).withSeed(-7);
      for (SamplingParams one :
          List.of(params, params.withTopK(5).withTopP(0.7), params.withStop(List.of("e", "zz")))) {
        List<Group> expected = server.model.generator().generateAll(PROMPTS, one);
        List<Group> groups = remote.generateAll(PROMPTS, one, VersionRange.ANY);
        assertThat(groups).hasSameSizeAs(expected);
        for (int i = 0; i < groups.size(); i++) {
          assertThat(groups.get(i).prompt()).isEqualTo(expected.get(i).prompt());
          for (int sample = 0; sample < 3; sample++) {
            assertSame(
                groups.get(i).completions().get(sample), expected.get(i).completions().get(sample));
          }
        }
      }
      assertThatThrownBy(() -> remote.updateWeights(1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("keeps its weights");
    }
  }

  private static void assertSame(Completion actual, Completion expected) {
    assertThat(actual.tokens()).isEqualTo(expected.tokens());
    assertThat(actual.logprobs()).isEqualTo(expected.logprobs());
    assertThat(actual.text()).isEqualTo(expected.text());
    assertThat(actual.finish()).isEqualTo(expected.finish());
  }
}
