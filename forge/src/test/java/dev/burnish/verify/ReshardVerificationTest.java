package dev.burnish.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.tensor.DType;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Tensors that go through the store, beside the digests of torch's `distribute_tensor` (2.15).
class ReshardVerificationTest {
  @TempDir private Path folder;

  private static Path recorded() {
    try {
      return Path.of(ReshardVerificationTest.class.getResource("reshard/dtensor.json").toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static ArrayNode cases() throws IOException {
    return (ArrayNode) JsonMapper.shared().readTree(Files.readAllBytes(recorded()));
  }

  private Path write(String json) throws IOException {
    return Files.writeString(folder.resolve("cases.json"), json);
  }

  @Test
  void everyRankOfEveryLayoutHasTheBytesOfTorch() throws IOException {
    List<ReshardVerification.Result> results = ReshardVerification.verify(recorded());
    assertThat(results).hasSize(cases().size()).hasSizeGreaterThan(80);
    assertThat(results).allMatch(ReshardVerification.Result::passed);
  }

  @Test
  void theCasesHaveEveryTypeAndTheUnusualShapes() {
    List<ReshardCase> cases = ReshardCase.read(recorded());
    assertThat(cases).extracting(each -> each.source().dtype()).contains(DType.values());
    assertThat(cases).anyMatch(each -> each.target().shape().isEmpty());
    assertThat(cases).anyMatch(each -> each.target().shape().contains(0L));
    assertThat(cases).anyMatch(each -> each.target().mesh().axes().size() == 4);
    assertThat(cases).anyMatch(each -> each.source().layout().box(0).isEmpty());
  }

  @Test
  void aRankThatDiffersIsNamed() throws IOException {
    ArrayNode cases = cases();
    ArrayNode digests = (ArrayNode) cases.get(0).get("sha256");
    digests.set(1, "0".repeat(64));
    List<ReshardVerification.Result> results = ReshardVerification.verify(write(cases.toString()));
    assertThat(results).filteredOn(result -> !result.passed()).hasSize(1);
    assertThat(results.getFirst().detail())
        .startsWith("1 of 2 ranks differ, first rank=1 part=[256:512, 0:512] sha256=")
        .endsWith("expected=" + "0".repeat(64));
  }

  @Test
  void malformedCasesAreNamedWithTheirFault() throws IOException {
    assertRefused("placement must be S and a dim, or R", set("placements", "[\"X\"]"));
    assertRefused("only terms of a sum", set("placements", "[\"P\"]"));
    assertRefused("one placement per axis", set("placements", "[]"));
    assertRefused("placement=S2", set("placements", "[\"S2\"]"));
    assertRefused("size must be an integer", set("mesh", "[1.5]"));
    assertRefused("size=0", set("mesh", "[0]"));
    assertRefused("at most 4096 ranks", set("mesh", "[4097]"));
    assertRefused("mesh of a case must be a list", set("mesh", "4"));
    assertRefused("dtype must be one of", each -> each.put("dtype", "F31"));
    assertRefused("dtype of a case must be a string", each -> each.put("dtype", 32));
    assertRefused("name of a case must be there", each -> each.remove("name"));
    assertRefused("target of a case must be there", each -> each.remove("target"));
    assertRefused("one digest per rank", each -> ((ArrayNode) each.get("sha256")).remove(0));
    assertRefused("64 hexadecimal digits", each -> ((ArrayNode) each.get("sha256")).set(0, "beef"));
    assertRefused("at most 2^32 bytes", each -> each.set("shape", json("[1000000, 1000000]")));
    assertRefused("must not be negative", each -> each.set("shape", json("[-1, 5]")));
    assertRefused("size must be an integer", each -> each.set("shape", json("[1e40, 5]")));
  }

  private static tools.jackson.databind.JsonNode json(String text) {
    return JsonMapper.shared().readTree(text);
  }

  private static Consumer<ObjectNode> set(String member, String value) {
    return each -> ((ObjectNode) each.get("source")).set(member, json(value));
  }

  private void assertRefused(String why, Consumer<ObjectNode> change) throws IOException {
    ArrayNode cases = cases();
    change.accept((ObjectNode) cases.get(1));
    Path file = write(cases.toString());
    assertThatThrownBy(() -> ReshardVerification.verify(file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(why)
        .hasMessageContaining("cases.json case=1");
  }

  @Test
  void aFileThatIsNoListIsRefused() throws IOException {
    for (String text : List.of("", "{}", "[", "3")) {
      Path file = write(text);
      assertThatThrownBy(() -> ReshardVerification.verify(file))
          .as(text)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("cases.json");
    }
    for (String text : List.of("[3]", "[null]", "[[]]")) {
      Path file = write(text);
      assertThatThrownBy(() -> ReshardVerification.verify(file))
          .as(text)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("case=0");
    }
  }
}
