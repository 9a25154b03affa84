package dev.burnish.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.agent.AgentRequest.Wishes;
import dev.burnish.rollout.Branch;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.RolloutFailure.GenerationFailed;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.Segment;
import dev.burnish.testing.SharedFiles;
import dev.burnish.text.ChatMessage;
import dev.burnish.text.ChatOptions;
import dev.burnish.text.ChatTemplate;
import dev.burnish.text.Tokenizer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class AgentSessionTest {
  private static final String CHAT_ML =
      "{% for t in tools or [] %}[{{ t.function.name }}]{% endfor %}"
          + "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ CONTENT }}"
          + "{% for c in m.tool_calls or [] %}<tool_call>{{ c.function | tojson }}</tool_call>{% endfor %}"
          + "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";
  private static final String APPENDS = CHAT_ML.replace("CONTENT", "m.content");
  private static final String STRIPS =
      CHAT_ML.replace("CONTENT", "m.content.split('</think>')[-1] if not loop.last else m.content");
  private static final List<Map<String, Object>> TOOLS =
      List.of(Map.of("type", "function", "function", Map.of("name", "add")));

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

  private static AgentSession session(String template, Budget budget, SayingPolicy policy) {
    ChatFormat format =
        new ChatFormat(tokenizer, ChatTemplate.of(template), ChatOptions.defaults());
    return new AgentSession(format, budget, policy, SamplingParams.defaults().withSeed(7));
  }

  private static SayingPolicy saying(Function<String, int[]> says) {
    return new SayingPolicy(tokenizer, says);
  }

  private static SayingPolicy saying(String text) {
    return saying(_ -> tokenizer.encode(text + "<|im_end|>"));
  }

  private static AgentRequest request(ChatMessage... messages) {
    return new AgentRequest(List.of(messages), List.of(), Map.of(), Wishes.NONE);
  }

  private static ChatMessage user(String text) {
    return ChatMessage.user(text);
  }

  private static Completion ask(AgentSession session, ChatMessage... messages) {
    return session.begin(request(messages)).answer();
  }

  private static List<Branch> branches(AgentSession session) {
    session.finish();
    return session.branches(turn -> turn);
  }

  private static int[] joined(int[]... parts) {
    return Arrays.stream(parts).flatMapToInt(Arrays::stream).toArray();
  }

  @Test
  void whatWasSampledIsContinuedAndNeverEncodedAgain() {
    int[] letters = joined(tokenizer.encode("h"), tokenizer.encode("el"), tokenizer.encode("lo"));
    assertThat(tokenizer.encode("hello")).isNotEqualTo(letters);
    int[] end = tokenizer.encode("<|im_end|>");
    SayingPolicy policy = saying(_ -> joined(letters, end));
    try (AgentSession session = session(APPENDS, Budget.defaults(), policy)) {
      assertThat(ask(session, user("Greet")).text()).isEqualTo("hello");
      ask(session, user("Greet"), ChatMessage.assistant("hello"), user("Again"));
      int[] added =
          tokenizer.encode("\n<|im_start|>user\nAgain<|im_end|>\n<|im_start|>assistant\n");
      int[] first = policy.prompts.getFirst();
      assertThat(policy.prompts.get(1)).containsExactly(joined(first, letters, end, added));
      List<Branch> branches = branches(session);
      assertThat(branches).hasSize(1);
      assertThat(branches.getFirst().tokens())
          .containsExactly(joined(policy.prompts.get(1), letters, end));
      assertThat(branches.getFirst().sampled())
          .extracting(sampled -> sampled.advantages()[0])
          .containsExactly(0.0, 1.0);
    }
  }

  @Test
  void anAnswerIsKnownAgainInTheClientsWords() {
    String said =
        "Let me add.\n<tool_call>\n{\"name\": \"add\",   \"arguments\": {\"x\": 1,\"y\": 2}}\n</tool_call>";
    SayingPolicy policy = saying(said);
    try (AgentSession session = session(APPENDS, Budget.defaults(), policy)) {
      AgentRequest first = new AgentRequest(List.of(user("1 + 2")), TOOLS, Map.of(), Wishes.NONE);
      session.begin(first).answer();
      ChatMessage echoed =
          new ChatMessage(
              "assistant",
              "Let me add.",
              Map.of(
                  "tool_calls",
                  List.of(
                      Map.of(
                          "id",
                          "call-7",
                          "function",
                          Map.of("name", "add", "arguments", Map.of("y", 2, "x", 1))))));
      List<ChatMessage> next = List.of(user("1 + 2"), echoed, ChatMessage.tool("3"));
      session.begin(new AgentRequest(next, TOOLS, Map.of(), Wishes.NONE)).answer();
      String read = tokenizer.decode(policy.prompts.get(1));
      assertThat(read).contains(said + "<|im_end|>\n<|im_start|>tool\n3<|im_end|>");
      assertThat(branches(session)).hasSize(1);
    }
  }

  @Test
  void otherMessagesOtherToolsOrAnAnswerThatWasChangedBeginABranch() {
    SayingPolicy policy = saying("yes");
    try (AgentSession session = session(APPENDS, Budget.defaults(), policy)) {
      ask(session, user("One?"));
      ask(session, user("Two?"));
      ask(session, user("One?"), ChatMessage.assistant("no"), user("Sure?"));
      List<ChatMessage> next = List.of(user("One?"), ChatMessage.assistant("yes"), user("Sure?"));
      session.begin(new AgentRequest(next, TOOLS, Map.of(), Wishes.NONE)).answer();
      List<Branch> branches = branches(session);
      assertThat(branches).hasSize(4);
      for (int i = 0; i < 4; i++) {
        assertThat(branches.get(i).prompt()).containsExactly(policy.prompts.get(i));
      }
    }
  }

  @Test
  void aTemplateThatLeavesThoughtsOutBeginsABranchWithTheTextThatItWrites() {
    SayingPolicy policy = saying("<think>hm</think>So.");
    try (AgentSession session = session(STRIPS, Budget.defaults(), policy)) {
      ask(session, user("Why?"));
      ask(session, user("Why?"), ChatMessage.assistant("<think>hm</think>So."), user("And?"));
      assertThat(tokenizer.decode(policy.prompts.get(1))).doesNotContain("hm").contains("So.");
      assertThat(branches(session)).hasSize(2);
    }
  }

  /// Sub-agents: the second continuation of an answer is given what the first one sampled.
  @Test
  void requestsThatContinueTheSameAnswerShareItAndLearnItOnce() {
    SayingPolicy policy = saying("plan");
    try (AgentSession session = session(APPENDS, Budget.defaults(), policy)) {
      ask(session, user("Plan"));
      ChatMessage plan = ChatMessage.assistant("plan");
      AgentCall one = session.begin(request(user("Plan"), plan, user("Part 1")));
      AgentCall two = session.begin(request(user("Plan"), plan, user("Part 2")));
      one.answer();
      two.answer();
      List<Branch> branches = branches(session);
      assertThat(branches).hasSize(2);
      assertThat(branches.get(0).sampled()).hasSize(2);
      assertThat(branches.get(1).sampled()).hasSize(1);
      int[] shared = joined(policy.prompts.getFirst(), tokenizer.encode("plan<|im_end|>"));
      assertThat(branches).allSatisfy(branch -> assertThat(branch.tokens()).startsWith(shared));
    }
  }

  @Test
  void anAnswerDependsOnWhatIsAskedAndHowOftenAndNotOnTheOrder() {
    List<Long> forth = new ArrayList<>();
    List<Long> back = new ArrayList<>();
    SayingPolicy policy = saying("x");
    try (AgentSession session = session(APPENDS, Budget.defaults(), policy)) {
      ask(session, user("a"));
      ask(session, user("b"));
      ask(session, user("b"));
      policy.samplings.forEach(sampling -> forth.add(sampling.seed()));
    }
    policy.samplings.clear();
    try (AgentSession session = session(APPENDS, Budget.defaults(), policy)) {
      ask(session, user("b"));
      ask(session, user("a"));
      ask(session, user("b"));
      policy.samplings.forEach(sampling -> back.add(sampling.seed()));
    }
    assertThat(forth).doesNotHaveDuplicates();
    assertThat(back).containsExactly(forth.get(1), forth.get(0), forth.get(2));
  }

  @Test
  void theRunDecidesOnTheSamplingAndTheAgentOnItsEnds() {
    SayingPolicy policy = saying("x");
    try (AgentSession session = session(APPENDS, Budget.defaults().withTokens(40), policy)) {
      Wishes wishes = new Wishes(OptionalInt.of(5), List.of("END"), OptionalLong.of(3), 2);
      session.begin(new AgentRequest(List.of(user("a")), List.of(), Map.of(), wishes)).answer();
      SamplingParams wished = policy.samplings.getFirst();
      assertThat(wished.maxTokens()).isEqualTo(5);
      assertThat(wished.stop().texts()).containsExactly("END");
      assertThat(wished.logprobs().top()).isEqualTo(2);
      assertThat(wished.temperature()).isEqualTo(SamplingParams.defaults().temperature());
      ask(session, user("a"));
      assertThat(policy.samplings.get(1).maxTokens())
          .isEqualTo(
              Math.min(SamplingParams.defaults().maxTokens(), 40 - policy.prompts.get(1).length));
      assertThat(policy.samplings.get(1).seed()).isNotEqualTo(wished.seed());
    }
  }

  @Test
  void aBudgetThatIsUsedUpRefusesRequests() {
    SayingPolicy policy = saying("x");
    try (AgentSession session = session(APPENDS, Budget.defaults().withTurns(2), policy)) {
      ask(session, user("a"));
      ask(session, user("b"));
      assertThat(session.isRefused()).isFalse();
      assertThatThrownBy(() -> session.begin(request(user("c"))))
          .isInstanceOfSatisfying(
              BudgetUsedUp.class, e -> assertThat(e.part()).isEqualTo(BudgetUsedUp.Part.TURNS))
          .hasMessageContaining("turns=2");
      assertThat(session.isRefused()).isTrue();
    }
    try (AgentSession session = session(APPENDS, Budget.defaults().withTokens(12), policy)) {
      assertThatThrownBy(() -> session.begin(request(user("a long question ".repeat(9)))))
          .isInstanceOfSatisfying(
              BudgetUsedUp.class, e -> assertThat(e.part()).isEqualTo(BudgetUsedUp.Part.TOKENS));
      ask(session, user("a")); // a shorter one is answered
    }
    Budget none = Budget.defaults().withTime(Duration.ofNanos(1));
    try (AgentSession session = session(APPENDS, none, policy)) {
      assertThatThrownBy(() -> session.begin(request(user("a"))))
          .isInstanceOfSatisfying(
              BudgetUsedUp.class, e -> assertThat(e.part()).isEqualTo(BudgetUsedUp.Part.TIME));
    }
  }

  @Test
  void anAnswerThatNobodyWaitsForIsRecorded() {
    CountDownLatch open = new CountDownLatch(1);
    SayingPolicy policy =
        saying(_ -> {
          awaitOpen(open);
          return tokenizer.encode("late<|im_end|>");
        });
    try (AgentSession session = session(APPENDS, Budget.defaults(), policy)) {
      session.begin(request(user("a")));
      open.countDown();
      assertThat(branches(session).getFirst().sampled()).hasSize(1);
      assertThatThrownBy(() -> session.begin(request(user("b"))))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("closed=true");
    }
  }

  @Test
  void aSessionThatIsClosedDropsTheAnswersUnderWayAndTellsThoseWhoWait() {
    SayingPolicy policy =
        saying(_ -> {
          awaitOpen(new CountDownLatch(1));
          return new int[0];
        });
    AgentSession session = session(APPENDS, Budget.defaults(), policy);
    AgentCall call = session.begin(request(user("a")));
    session.close();
    assertThatThrownBy(call::answer).isInstanceOf(RuntimeException.class);
    assertThat(session.numAnswers()).isZero();
  }

  @Test
  void aGeneratorThatFailsIsTheFailureOfTheSession() {
    SayingPolicy policy =
        saying(_ -> {
          throw new IllegalStateException("out of memory");
        });
    try (AgentSession session = session(APPENDS, Budget.defaults(), policy)) {
      assertThatThrownBy(() -> ask(session, user("a"))).hasMessageContaining("out of memory");
      assertThatThrownBy(session::finish)
          .isInstanceOf(GenerationFailed.class)
          .hasMessageContaining("out of memory");
    }
  }

  @Test
  void aGroupsPromptIsWhatItsEpisodesHaveInCommon() {
    List<List<Branch>> branches = new ArrayList<>();
    for (String folder : List.of("tmp/a1", "tmp/b2 x")) {
      SayingPolicy policy = saying("ok");
      try (AgentSession session = session(APPENDS, Budget.defaults(), policy)) {
        ask(session, user("You are in " + folder));
        branches.add(branches(session));
      }
    }
    List<List<Branch>> divided = CommonPrompt.divide(branches);
    assertThat(divided.get(0).getFirst().prompt())
        .containsExactly(divided.get(1).getFirst().prompt());
    for (int i = 0; i < 2; i++) {
      Branch branch = divided.get(i).getFirst();
      assertThat(branch.tokens()).containsExactly(branches.get(i).getFirst().tokens());
      assertThat(branch.segments().get(1))
          .isInstanceOfSatisfying(
              Segment.Given.class,
              given -> assertThat(given.source()).isEqualTo(Segment.Source.ENVIRONMENT));
      assertThat(branch.sampled()).hasSize(1);
    }
  }

  private static void awaitOpen(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
