package dev.burnish.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.rollout.Branch;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.FinishReason;
import dev.burnish.rollout.Prompt.Turn;
import dev.burnish.rollout.Segment;
import dev.burnish.rollout.TokenVersions;
import dev.burnish.testing.SharedFiles;
import dev.burnish.text.ChatOptions;
import dev.burnish.text.ChatTemplate;
import dev.burnish.text.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ConversationTest {
  private static final String CHAT_ML =
      "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ CONTENT }}<|im_end|>\n{% endfor %}"
          + "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";
  private static final String APPENDS = CHAT_ML.replace("CONTENT", "m.content");
  private static final String STRIPS =
      CHAT_ML.replace("CONTENT", "m.content.split('</think>')[-1] if not loop.last else m.content");

  @SuppressWarnings("NullAway.Init")
  private static Tokenizer tokenizer;

  @BeforeAll
  static void load() {
    tokenizer = Tokenizer.load(SharedFiles.model("smollm2-135m-instruct"));
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  private static Conversation conversation(String template, String question) {
    ChatFormat format =
        new ChatFormat(tokenizer, ChatTemplate.of(template), ChatOptions.defaults());
    return new Conversation(format, List.of(new Turn("user", question)));
  }

  private static Completion said(int... tokens) {
    return new Completion(
        tokens,
        new float[tokens.length],
        TokenVersions.of(1, tokens.length),
        tokenizer.decode(tokens, true),
        FinishReason.STOP);
  }

  private static Completion said(String text) {
    return said(tokenizer.encode(text));
  }

  private static void reply(Conversation conversation, String role, String content) {
    conversation.reply(List.of(new Turn(role, content)));
  }

  private static String text(Conversation conversation) {
    return tokenizer.decode(conversation.tokens());
  }

  private static int[] joined(int[]... parts) {
    return Arrays.stream(parts).flatMapToInt(Arrays::stream).toArray();
  }

  @Test
  void aReplyIsWhatTheTemplateAdds() {
    Conversation talk = conversation(APPENDS, "One?");
    int[] prompt = talk.tokens();
    Completion answer = said("Two.<|im_end|>");
    talk.answer(answer);
    reply(talk, "tool", "Three.");
    assertThat(text(talk))
        .isEqualTo(
            """
            <|im_start|>user
            One?<|im_end|>
            <|im_start|>assistant
            Two.<|im_end|>
            <|im_start|>tool
            Three.<|im_end|>
            <|im_start|>assistant
            """);
    int[] added = tokenizer.encode("\n<|im_start|>tool\nThree.<|im_end|>\n<|im_start|>assistant\n");
    assertThat(talk.tokens()).containsExactly(joined(prompt, answer.tokens(), added));
    talk.answer(said("Four.<|im_end|>"));
    List<Branch> branches = talk.branches(turn -> 10 + turn);
    assertThat(branches).hasSize(1);
    List<Segment> segments = branches.getFirst().segments();
    assertThat(segments).hasSize(4);
    assertThat(segments.get(2))
        .isInstanceOfSatisfying(
            Segment.Given.class,
            given -> assertThat(given.source()).isEqualTo(Segment.Source.TOOL));
    assertThat(branches.getFirst().sampled().get(0).advantages()).containsOnly(10);
    assertThat(branches.getFirst().sampled().get(1).advantages()).containsOnly(11);
  }

  @Test
  void whatWasSampledIsNeverEncodedAgain() {
    int[] letters = joined(tokenizer.encode("h"), tokenizer.encode("el"), tokenizer.encode("lo"));
    assertThat(tokenizer.encode("hello")).isNotEqualTo(letters);
    Conversation talk = conversation(APPENDS, "Greet");
    int[] prompt = talk.tokens();
    talk.answer(said(joined(letters, tokenizer.encode("<|im_end|>"))));
    reply(talk, "user", "Again");
    assertThat(Arrays.copyOfRange(talk.tokens(), prompt.length, prompt.length + letters.length))
        .containsExactly(letters);
    assertThat(talk.branches(_ -> 0)).hasSize(1);
  }

  @Test
  void tokensDoNotMergeAcrossTurns() {
    Conversation talk = conversation("{% for m in messages %}{{ m.content }}{% endfor %}", "say ");
    talk.answer(said("hel"));
    reply(talk, "user", "lo");
    assertThat(talk.tokens())
        .containsExactly(
            joined(tokenizer.encode("say "), tokenizer.encode("hel"), tokenizer.encode("lo")));
    assertThat(talk.tokens()).isNotEqualTo(tokenizer.encode("say hello"));
    assertThat(talk.branches(_ -> 0)).hasSize(1);
  }

  @Test
  void anAnswerThatWasCutOffIsEndedByTheReply() {
    Conversation talk = conversation(APPENDS, "Count");
    talk.answer(said("one two"));
    reply(talk, "user", "Go on");
    assertThat(text(talk)).contains("one two<|im_end|>\n<|im_start|>user\nGo on");
    assertThat(talk.branches(_ -> 0)).hasSize(1);
  }

  @Test
  void anAnswerThatEndsWithinACharacterStaysAsItWasSampled() {
    int[] bytes = tokenizer.encode("\uD83E\uDDA9"); // a character of several tokens
    assertThat(bytes.length).isGreaterThan(1);
    Conversation talk = conversation(APPENDS, "Draw");
    int[] prompt = talk.tokens();
    talk.answer(said(bytes[0]));
    reply(talk, "user", "More");
    assertThat(talk.tokens()[prompt.length]).isEqualTo(bytes[0]);
    assertThat(talk.branches(_ -> 0)).hasSize(1);
  }

  @Test
  void aTemplateThatLeavesThoughtsOutBeginsABranch() {
    Conversation talk = conversation(STRIPS, "Why?");
    talk.answer(said("<think>hm</think>So.<|im_end|>"));
    reply(talk, "user", "And?");
    assertThat(text(talk)).doesNotContain("hm").contains("So.<|im_end|>");
    talk.answer(said("<think>well</think>Thus.<|im_end|>"));
    List<Branch> branches = talk.branches(turn -> turn);
    assertThat(branches).hasSize(2);
    assertThat(branches).allSatisfy(branch -> assertThat(branch.sampled()).hasSize(1));
    assertThat(branches.get(1).prompt())
        .containsExactly(
            tokenizer.encode(
                """
                <|im_start|>user
                Why?<|im_end|>
                <|im_start|>assistant
                So.<|im_end|>
                <|im_start|>user
                And?<|im_end|>
                <|im_start|>assistant
                """));
  }

  @Test
  void aBranchThatNobodyAnsweredIsNone() {
    Conversation talk = conversation(STRIPS, "Why?");
    talk.answer(said("<think>hm</think>So.<|im_end|>"));
    reply(talk, "user", "And?");
    assertThat(talk.branches(_ -> 0)).hasSize(1);
  }

  /// Whatever is said: the tokens read as the template writes the conversation or as they were
  /// sampled, and each answer is in one branch, after the tokens that it was an answer to.
  @Test
  void everyAnswerFollowsThePromptThatItWasGiven() {
    Random random = new Random(7);
    for (int round = 0; round < 60; round++) {
      String template = List.of(APPENDS, STRIPS).get(round % 2);
      Conversation talk = conversation(template, text(random));
      List<int[]> prompts = new ArrayList<>();
      List<int[]> answers = new ArrayList<>();
      for (int turn = 0; turn < 5; turn++) {
        prompts.add(talk.tokens());
        String end = random.nextInt(4) == 0 ? "" : "<|im_end|>";
        String thought = random.nextBoolean() ? "" : "<think>" + text(random) + "</think>";
        answers.add(joined(tokenizer.encode(thought), pieces(random), tokenizer.encode(end + "")));
        talk.answer(said(answers.getLast()));
        reply(talk, random.nextBoolean() ? "user" : "tool", text(random));
      }
      List<int[]> found = new ArrayList<>();
      for (Branch branch : talk.branches(_ -> 0)) {
        int at = 0;
        for (Segment segment : branch.segments()) {
          if (segment instanceof Segment.Sampled) {
            int[] before = Arrays.copyOf(branch.tokens(), at);
            assertThat(before).containsExactly(prompts.get(found.size()));
            found.add(segment.tokens());
          }
          at += segment.tokens().length;
        }
      }
      assertThat(found).usingRecursiveComparison().isEqualTo(answers);
    }
  }

  private static String text(Random random) {
    return String.join(
        "",
        IntStream.range(0, 1 + random.nextInt(6))
            .mapToObj(_ ->
                List.of("a", " b", "\n", "\u00e9", "\uD83E\uDDA9", " the", "{}")
                    .get(random.nextInt(7)))
            .toList());
  }

  /// Tokens as a model may sample them: of any text, cut anywhere.
  private static int[] pieces(Random random) {
    int[] ids = tokenizer.encode("x" + text(random));
    return Arrays.copyOf(ids, 1 + random.nextInt(ids.length));
  }
}
