package dev.burnish.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.model.WeightFiles;
import dev.burnish.safetensors.Checkpoint;
import dev.burnish.tensor.DType;
import dev.burnish.testing.SharedFiles;
import dev.burnish.text.ChatMessage;
import dev.burnish.text.ChatOptions;
import dev.burnish.text.Tokenizer;
import dev.burnish.verify.Verdict;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

@Timeout(240)
class ConvertCommandTest {
  @TempDir Path folder;

  private record Outcome(int status, String err) {}

  private static Outcome convert(Object... arguments) {
    StringWriter err = new StringWriter();
    CommandLine line = Main.commandLine();
    line.setOut(new PrintWriter(new StringWriter())).setErr(new PrintWriter(err));
    String[] words = new String[arguments.length + 1];
    words[0] = "convert";
    for (int i = 0; i < arguments.length; i++) {
      words[i + 1] = arguments[i].toString();
    }
    return new Outcome(line.execute(words), err.toString());
  }

  private static void requireConverted(Object... arguments) {
    Outcome outcome = convert(arguments);
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.status()).isZero();
  }

  private static void requireSameWeights(Path before, Path after) {
    try (Checkpoint from = WeightFiles.open(before);
        Checkpoint to = WeightFiles.open(after)) {
      assertThat(to.names()).containsExactlyInAnyOrderElementsOf(from.names());
      for (String name : from.names()) {
        assertThat(to.dtype(name)).as(name).isEqualTo(from.dtype(name));
        assertThat(to.get(name).data().mismatch(from.get(name).data())).as(name).isEqualTo(-1);
      }
    }
  }

  private static void requireAgreement(Path model, Path expected) {
    assertThat(Verdict.model(model, expected))
        .allSatisfy(verdict -> assertThat(verdict.passed()).as(verdict.toString()).isTrue());
  }

  private static Path recorded(String name) throws Exception {
    return Path.of(Objects.requireNonNull(Verdict.class.getResource("recorded/" + name)).toURI());
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama-mha-biases", "llama3-scaled-rope", "qwen2-yarn", "qwen3-tied"})
  void goesToGgufAndBackAndComputesTheSame(String model) {
    Path original = SharedFiles.data("oracle/models/" + model);
    Path gguf = folder.resolve("model.gguf");
    Path back = folder.resolve("back");
    requireConverted(original, gguf, "--type", "F32");
    requireConverted(gguf, back);
    requireSameWeights(original, back);
    requireAgreement(gguf, original.resolve("expected.json"));
    requireAgreement(back, original.resolve("expected.json"));
  }

  @ParameterizedTest
  @CsvSource({"F32,0.95", "F16,0.48", "BF16,0.48", "Q8_0,0.25"})
  void storesMatricesAsAskedFor(String type, double share) throws IOException {
    Path original = SharedFiles.data("oracle/models/llama-mha-biases");
    Path gguf = folder.resolve("model.gguf");
    requireConverted(original, gguf, "--type", type);
    long weights = Files.size(original.resolve("model.safetensors"));
    assertThat(Files.size(gguf))
        .isBetween((long) (share * weights), (long) ((share + 0.1) * weights));
  }

  @Test
  void keepsTheTypeOfTheSourceWhereNoneIsGiven() throws Exception {
    Path original = recorded("llama3-odd-factors");
    requireConverted(original, folder.resolve("model.gguf"));
    try (Checkpoint gguf = WeightFiles.open(folder.resolve("model.gguf"))) {
      assertThat(gguf.dtype("model.layers.0.mlp.up_proj.weight")).isEqualTo(DType.BF16);
      assertThat(gguf.dtype("model.norm.weight")).isEqualTo(DType.F32);
    }
    requireConverted(original, folder.resolve("copy"));
    requireSameWeights(original, folder.resolve("copy"));
    assertThat(folder.resolve("copy/config.json"))
        .hasSameBinaryContentAs(original.resolve("config.json"));
  }

  @Test
  void writesAFolderInAnotherType() throws Exception {
    Path original = SharedFiles.data("oracle/models/qwen3-tied");
    requireConverted(original, folder.resolve("half"), "--dtype", "BF16");
    requireConverted(folder.resolve("half"), folder.resolve("wide"), "--dtype", "f32");
    try (Checkpoint half = WeightFiles.open(folder.resolve("half"))) {
      assertThat(half.names())
          .allSatisfy(name -> assertThat(half.dtype(name)).isEqualTo(DType.BF16));
    }
    assertThat(Files.readString(folder.resolve("half/config.json"))).contains("\"bfloat16\"");
    assertThat(Files.readString(folder.resolve("wide/config.json"))).contains("\"float32\"");
    requireConverted(folder.resolve("wide"), folder.resolve("again"), "--dtype", "BF16");
    requireSameWeights(folder.resolve("half"), folder.resolve("again"));
  }

  @Test
  void leavesNothingBehindWhereItFails() throws IOException {
    Path original = Files.createDirectory(folder.resolve("broken"));
    Path source = SharedFiles.data("oracle/models/qwen2");
    Files.copy(source.resolve("config.json"), original.resolve("config.json"));
    byte[] weights = Files.readAllBytes(source.resolve("model.safetensors"));
    Files.write(
        original.resolve("model.safetensors"),
        java.util.Arrays.copyOf(weights, weights.length / 2));
    for (String target : List.of("out", "out.gguf")) {
      Outcome outcome = convert(original, folder.resolve(target));
      assertThat(outcome.status()).isEqualTo(2);
      assertThat(outcome.err()).hasLineCount(1).contains("model.safetensors");
    }
    assertThat(folder.toFile().list()).containsExactly("broken");
  }

  @Test
  void refusesAFolderThatExistsAndAGgufOfAGguf() throws IOException {
    Path original = SharedFiles.data("oracle/models/qwen2");
    Path gguf = folder.resolve("a.gguf");
    requireConverted(original, gguf);
    assertThat(convert(gguf, folder).err()).contains("the folder exists already: folder=" + folder);
    assertThat(convert(gguf, folder.resolve("b.gguf")).err())
        .contains("convert it to a folder first");
    assertThat(folder.toFile().list()).containsExactly("a.gguf");
  }

  /// The real model: GGUF to folder, folder to GGUF with tokenizer and template, and back, from
  /// metadata alone; then the recorded forward, ids, templates and greedy text.
  @Test
  void theRealModelSurvivesARoundTrip() throws IOException {
    Path first = folder.resolve("first");
    Path gguf = folder.resolve("gguf/model.gguf");
    Path back = folder.resolve("back");
    requireConverted(SharedFiles.model("smollm2-135m-instruct/model.Q4_1.gguf"), first);
    requireConverted(first, gguf);
    requireConverted(gguf, back);
    requireSameWeights(first, back);
    assertThat(Verdict.model(back, everyFourthCase("oracle/smollm2_forward.json")))
        .allSatisfy(verdict -> assertThat(verdict.passed()).as(verdict.toString()).isTrue())
        .extracting(Verdict::name)
        .contains("ids", "template", "logits", "logprobs", "greedy");
    try (Tokenizer before = Tokenizer.load(first);
        Tokenizer after = Tokenizer.load(back)) {
      List<ChatMessage> chat = List.of(ChatMessage.user("Sum 1 2 3"), ChatMessage.assistant("6"));
      assertThat(after.chatTemplate().orElseThrow().render(chat, ChatOptions.defaults()))
          .isEqualTo(before.chatTemplate().orElseThrow().render(chat, ChatOptions.defaults()));
      assertThat(after.beginId()).isEqualTo(before.beginId());
      assertThat(after.endId()).isEqualTo(before.endId());
    }
  }

  private Path everyFourthCase(String recorded) throws IOException {
    JsonMapper json = JsonMapper.shared();
    ObjectNode all = (ObjectNode) json.readTree(Files.readAllBytes(SharedFiles.data(recorded)));
    ArrayNode cases = json.createArrayNode();
    for (int i = 1; i < all.get("cases").size(); i += 4) {
      cases.add(all.get("cases").get(i));
    }
    all.set("cases", cases);
    return Files.write(folder.resolve("expected.json"), json.writeValueAsBytes(all));
  }
}
