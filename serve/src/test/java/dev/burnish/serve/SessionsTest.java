package dev.burnish.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.agent.Agent;
import dev.burnish.agent.AgentRollout;
import dev.burnish.agent.Budget;
import dev.burnish.agent.ChatFormat;
import dev.burnish.agent.Endpoint;
import dev.burnish.rollout.Branch;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.Continuation;
import dev.burnish.rollout.Episode;
import dev.burnish.rollout.Generator;
import dev.burnish.rollout.Group;
import dev.burnish.rollout.Problem;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.RolloutFailure.EnvironmentFailed;
import dev.burnish.rollout.RolloutFailure.GenerationFailed;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.Score;
import dev.burnish.rollout.ScoredGroup;
import dev.burnish.rollout.Segment;
import dev.burnish.rollout.Structure;
import dev.burnish.rollout.VersionRange;
import dev.burnish.serve.SessionClient.Event;
import dev.burnish.text.ChatTemplate;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Agents that own their loop, over HTTP, before an engine.
@Timeout(60)
class SessionsTest {
  private static final String CHAT = "/v1/chat/completions";
  private static final String MESSAGES = "/v1/messages";
  private static final String HELLO = "{\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}";
  private static final String TEMPLATE =
      "{% for tool in tools or [] %}[{{ tool.function.name }}]{% endfor %}"
          + "{% for m in messages %}{{ m.role }}:{{ m.content }}<|end|>\n{% endfor %}assistant:";
  private static final Problem PROBLEM = new Problem("", "", 2);
  private static final Budget BUDGET = Budget.defaults().withTokens(TestServer.MAX_LENGTH);

  @SuppressWarnings("NullAway.Init")
  private static TestServer engine;

  @SuppressWarnings("NullAway.Init")
  private static AgentRollout agents;

  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  @BeforeAll
  static void start() {
    engine = TestServer.withEndTokens();
    agents = AgentRollout.start(format(), BUDGET).withLeast(1);
  }

  @AfterAll
  static void stop() {
    agents.close();
    engine.close();
  }

  private static ChatFormat format() {
    return ChatFormat.of(TestServer.TEXT, ChatTemplate.of(TEMPLATE));
  }

  /// A prompt that the engine was given, and its answer.
  private record Seen(int[] prompt, Completion completion) {}

  /// The engine, with a record of everything that it saw.
  private record Recording(List<Seen> seen) implements Generator {
    @Override
    public Group generate(Prompt prompt, SamplingParams sampling, VersionRange versions) {
      Group group = engine.engine.generate(prompt, sampling, versions);
      seen.add(new Seen(group.prompt(), group.completions().getFirst()));
      return group;
    }

    @Override
    public List<Group> generateAll(
        List<Prompt> prompts, SamplingParams sampling, VersionRange versions) {
      throw new UnsupportedOperationException("one by one");
    }

    @Override
    public List<Score> score(List<Continuation> continuations, VersionRange versions) {
      throw new UnsupportedOperationException("no scores");
    }

    @Override
    public long updateWeights(long version) {
      return version;
    }

    @Override
    public long version() {
      return 0;
    }
  }

  private static Recording recording() {
    return new Recording(Collections.synchronizedList(new ArrayList<>()));
  }

  private static SamplingParams sampling(int n) {
    return SamplingParams.defaults().withN(n).withMaxTokens(30).withSeed(3);
  }

  /// A policy that says exactly that.
  private static SamplingParams saying(String text) {
    return sampling(1).withMaxTokens(400).withStructure(new Structure.Choice(List.of(text)));
  }

  private static ScoredGroup play(Agent agent, SamplingParams sampling) {
    return agents.play(PROBLEM, agent, recording(), sampling, UnaryOperator.identity());
  }

  private static SessionClient client(Endpoint endpoint) {
    return new SessionClient(CLIENT, endpoint);
  }

  @Test
  void anEpisodeHasTheTokensThatTheEngineSaw() {
    Recording policy = recording();
    ScoredGroup group =
        agents.play(
            PROBLEM,
            endpoint -> {
              SessionClient.Chat chat = client(endpoint).chat();
              return chat.say("one").length() + chat.say("two").length() + chat.say("3").length();
            },
            policy,
            sampling(1),
            UnaryOperator.identity());
    Episode episode = group.episodes().getFirst();
    assertThat(episode.branches()).hasSize(1);
    assertThat(policy.seen()).hasSize(3);
    int at = 0;
    int turn = 0;
    int[] all = episode.branches().getFirst().tokens();
    for (Segment segment : episode.branches().getFirst().segments()) {
      if (segment instanceof Segment.Sampled(Completion said, double[] advantages, _)) {
        Seen seen = policy.seen().get(turn++);
        assertThat(Arrays.copyOf(all, at)).containsExactly(seen.prompt());
        assertThat(said.tokens()).containsExactly(seen.completion().tokens());
        assertThat(said.logprobs()).containsExactly(seen.completion().logprobs());
        assertThat(said.versions()).isEqualTo(seen.completion().versions());
        assertThat(said.finish()).isEqualTo(seen.completion().finish());
        assertThat(advantages).containsOnly(episode.reward());
      }
      at += segment.tokens().length;
    }
    assertThat(turn).isEqualTo(3);
  }

  @Test
  void theSameAgentGivesTheSameEpisodesAndEachOfAGroupItsOwn() {
    Agent agent =
        endpoint -> {
          SessionClient.Chat chat = client(endpoint).chat();
          return chat.say("one").length() + chat.say("two").length();
        };
    List<List<Integer>> first = tokens(play(agent, sampling(3)));
    assertThat(tokens(play(agent, sampling(3)))).isEqualTo(first);
    assertThat(first).doesNotHaveDuplicates().hasSize(3);
  }

  private static List<List<Integer>> tokens(ScoredGroup group) {
    return group.episodes().stream()
        .map(episode -> Arrays.stream(episode.branches().getFirst().tokens()).boxed().toList())
        .toList();
  }

  private static final String CALLS =
      "[{\"name\": \"add\", \"arguments\": {\"x\": 1}}, {\"name\": \"neg\", \"arguments\": {}}]\nok";

  @Test
  void aChatHasToolsLogprobsUsageAndTheNameThatWasAskedFor() {
    play(
        endpoint -> {
          JsonNode json =
              client(endpoint)
                  .ok(
                      CHAT,
                      """
                      {"model":"gpt-x","temperature":0,"logprobs":true,
                       "tools":[{"type":"function","function":{"name":"add"}}],
                       "messages":[{"role":"developer","content":"short"},{"role":"user","content":"go"}]}
                      """);
          assertThat(json.path("model").asString()).isEqualTo("gpt-x");
          JsonNode choice = json.path("choices").path(0);
          assertThat(choice.path("finish_reason").asString()).isEqualTo("tool_calls");
          assertThat(choice.at("/message/content").asString()).isEqualTo("ok");
          assertThat(choice.at("/message/tool_calls/0/function/arguments").asString())
              .isEqualTo("{\"x\": 1}");
          assertThat(choice.at("/message/tool_calls").size()).isEqualTo(2);
          int sampled = json.at("/usage/completion_tokens").asInt();
          assertThat(choice.at("/logprobs/content").size()).isEqualTo(sampled);
          return 1;
        },
        saying(CALLS));
  }

  @Test
  void logprobsOfOtherTokensAreThereWhereTheyAreAskedFor() {
    play(
        endpoint -> {
          String asked = "{\"logprobs\":true,\"top_logprobs\":2,\"max_tokens\":3,";
          JsonNode json = client(endpoint).ok(CHAT, asked + HELLO.substring(1));
          JsonNode content = json.at("/choices/0/logprobs/content");
          assertThat(content.size()).isBetween(1, 3);
          assertThat(content.at("/0/top_logprobs").size()).isEqualTo(2);
          return 1;
        },
        sampling(1));
  }

  @Test
  void aStreamOfAChatHasTheSameAnswer() {
    play(
        endpoint -> {
          List<Event> events =
              client(endpoint)
                  .events(
                      CHAT,
                      """
                      {"stream":true,"stream_options":{"include_usage":true},
                       "tools":[{"type":"function","function":{"name":"add"}}],
                       "messages":[{"role":"user","content":"go"}]}
                      """);
          StringBuilder seen = new StringBuilder();
          for (Event event : events) {
            JsonNode choice = event.data().path("choices").path(0);
            seen.append(choice.at("/delta/content").asString(""));
            for (JsonNode call : choice.at("/delta/tool_calls")) {
              seen.append('<').append(call.at("/function/name").asString()).append('>');
            }
            seen.append(choice.path("finish_reason").asString(""));
          }
          assertThat(seen).hasToString("ok<add><neg>tool_calls");
          assertThat(events.getLast().data().at("/usage/completion_tokens").asInt()).isPositive();
          return 1;
        },
        saying(CALLS));
  }

  @Test
  void messagesAreReadAndAnsweredInBlocksAndContinueTheirTokens() {
    Recording policy = recording();
    ScoredGroup group =
        agents.play(
            PROBLEM,
            endpoint -> {
              SessionClient client = client(endpoint);
              String tools =
                  "\"max_tokens\":400,\"system\":[{\"type\":\"text\",\"text\":\"brief\"}],\"tools\":[{\"name\":\"add\",\"description\":\"adds\",\"input_schema\":{\"type\":\"object\"}}],";
              JsonNode json =
                  client.ok(
                      MESSAGES,
                      "{" + tools + "\"messages\":[{\"role\":\"user\",\"content\":\"go\"}]}");
              assertThat(json.path("type").asString()).isEqualTo("message");
              assertThat(json.path("stop_reason").asString()).isEqualTo("tool_use");
              JsonNode content = json.path("content");
              assertThat(content.at("/0/text").asString()).isEqualTo("ok");
              assertThat(content.at("/1/name").asString()).isEqualTo("add");
              assertThat(content.at("/1/input/x").asInt()).isEqualTo(1);
              assertThat(json.at("/usage/output_tokens").asInt()).isPositive();
              String results =
                  "{\"type\":\"tool_result\",\"tool_use_id\":%s,\"content\":\"two\"},{\"type\":\"tool_result\",\"tool_use_id\":%s,\"content\":[{\"type\":\"text\",\"text\":\"none\"}]},{\"type\":\"text\",\"text\":\"and?\"}"
                      .formatted(content.at("/1/id"), content.at("/2/id"));
              client.ok(
                  MESSAGES,
                  "{"
                      + tools
                      + "\"messages\":[{\"role\":\"user\",\"content\":\"go\"},{\"role\":\"assistant\",\"content\":%s},{\"role\":\"user\",\"content\":[%s]}]}"
                          .formatted(content, results));
              return 1;
            },
            policy,
            saying(CALLS),
            UnaryOperator.identity());
    Episode episode = group.episodes().getFirst();
    assertThat(episode.branches()).hasSize(1);
    String text = TestServer.TEXT.decode(policy.seen().get(1).prompt());
    assertThat(text)
        .startsWith("[add]system:brief<|end|>\nuser:go<|end|>\nassistant:")
        .contains(CALLS)
        .contains("tool:two<|end|>\ntool:none<|end|>\nuser:and?<|end|>\n");
  }

  @Test
  void aStreamOfMessagesHasTheEventsOfItsBlocks() {
    play(
        endpoint -> {
          List<Event> events =
              client(endpoint)
                  .events(
                      MESSAGES,
                      """
                      {"stream":true,"max_tokens":400,"tools":[{"name":"add","input_schema":{}}],
                       "messages":[{"role":"user","content":"go"}]}
                      """);
          assertThat(events)
              .extracting(Event::name)
              .filteredOn(name -> !name.equals("ping"))
              .containsExactly(
                  "message_start",
                  "content_block_start",
                  "content_block_delta",
                  "content_block_stop",
                  "content_block_start",
                  "content_block_delta",
                  "content_block_stop",
                  "content_block_start",
                  "content_block_delta",
                  "content_block_stop",
                  "message_delta",
                  "message_stop");
          assertThat(events)
              .allSatisfy(event ->
                  assertThat(event.data().path("type").asString()).isEqualTo(event.name()));
          assertThat(events.get(2).data().at("/delta/text").asString()).isEqualTo("ok");
          assertThat(events.get(5).data().at("/delta/partial_json").asString())
              .isEqualTo("{\"x\":1}");
          JsonNode end = events.get(events.size() - 2).data();
          assertThat(end.at("/delta/stop_reason").asString()).isEqualTo("tool_use");
          assertThat(end.at("/usage/output_tokens").asInt()).isPositive();
          return 1;
        },
        saying(CALLS));
  }

  @Test
  void aStopTextEndsAnAnswerAndIsNamed() {
    play(
        endpoint -> {
          String request =
              "{\"max_tokens\":30,\"stop_sequences\":[\"q\",\"e\",\"a\",\"s\",\"t\",\" \"],\"messages\":[{\"role\":\"user\",\"content\":\"go\"}]}";
          JsonNode json = client(endpoint).ok(MESSAGES, request);
          if (json.path("stop_reason").asString().equals("stop_sequence")) {
            assertThat("qeast ").contains(json.path("stop_sequence").asString());
          }
          assertThat(json.at("/content/0/text").asString())
              .doesNotContain("q", "e", "a", "s", "t", " ");
          return 1;
        },
        sampling(1));
  }

  @Test
  void aBudgetThatIsUsedUpIsAnErrorInTheFormOfTheInterface() {
    AgentRollout brief = AgentRollout.start(format(), BUDGET.withTurns(1)).withLeast(1);
    try (brief) {
      ScoredGroup group =
          brief.play(
              PROBLEM,
              endpoint -> {
                SessionClient client = client(endpoint);
                client.ok(CHAT, HELLO);
                JsonNode chat = client.refused(400, CHAT, HELLO);
                assertThat(chat.path("code").asString()).isEqualTo("session_budget_exceeded");
                assertThat(chat.path("message").asString()).contains("turns=1");
                JsonNode message =
                    client.refused(
                        400,
                        MESSAGES,
                        "{\"max_tokens\":3,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}");
                assertThat(message.path("type").asString()).isEqualTo("invalid_request_error");
                throw new IllegalStateException("the agent gives up");
              },
              recording(),
              sampling(1),
              UnaryOperator.identity());
      assertThat(group.rewards()).containsExactly(0);
    }
  }

  @Test
  void aConversationThatIsTooLongIsRefusedByItself() {
    play(
        endpoint -> {
          SessionClient client = client(endpoint);
          String longer = HELLO.replace("hello", "hello ".repeat(TestServer.MAX_LENGTH / 5));
          JsonNode error = client.refused(400, CHAT, longer);
          assertThat(error.path("code").asString()).isEqualTo("context_length_exceeded");
          client.ok(CHAT, HELLO);
          return 1;
        },
        sampling(1));
  }

  @Test
  void onlyTheKeyOfAnOpenSessionIsLetInAndItIsShownNowhere() throws Exception {
    AtomicReference<Endpoint> left = new AtomicReference<>();
    play(
        endpoint -> {
          left.set(endpoint);
          SessionClient client = client(endpoint);
          for (String path : List.of(CHAT, MESSAGES, "/v1/reward")) {
            HttpResponse<String> refused = client.post(path, endpoint.key() + "x", HELLO);
            assertThat(refused.statusCode()).isEqualTo(401);
            assertThat(refused.body()).doesNotContain(endpoint.key());
          }
          client.ok(CHAT, HELLO);
          assertThat(endpoint.toString()).doesNotContain(endpoint.key());
          assertThat(endpoint.key()).hasSizeGreaterThan(40);
          return 1;
        },
        sampling(1));
    HttpResponse<String> late = client(left.get()).post(CHAT, left.get().key(), HELLO);
    assertThat(late.statusCode()).isEqualTo(401);
  }

  @Test
  void requestsAtTheSameTimeAreBranchesOfOneEpisode() {
    ScoredGroup group =
        play(
            endpoint -> {
              SessionClient client = client(endpoint);
              CountDownLatch both = new CountDownLatch(2);
              List<Thread> agentsOfAgent = new ArrayList<>();
              for (String text : List.of("left", "right")) {
                agentsOfAgent.add(
                    Thread.ofVirtual()
                        .start(() -> {
                          both.countDown();
                          try {
                            both.await();
                            client.ok(CHAT, HELLO.replace("hello", text));
                          } catch (Exception e) {
                            throw new IllegalStateException(e);
                          }
                        }));
              }
              for (Thread thread : agentsOfAgent) {
                thread.join();
              }
              return 1;
            },
            sampling(1));
    List<Branch> branches = group.episodes().getFirst().branches();
    assertThat(branches).hasSize(2);
    assertThat(branches)
        .extracting(branch -> TestServer.TEXT.decode(tail(branch)))
        .containsExactlyInAnyOrder("user:left<|end|>\nassistant:", "user:right<|end|>\nassistant:");
  }

  /// The tokens that the policy read first.
  private static int[] tail(Branch branch) {
    int length = 0;
    for (Segment segment : branch.segments()) {
      if (segment instanceof Segment.Sampled) {
        break;
      }
      length += segment.tokens().length;
    }
    return Arrays.copyOf(branch.tokens(), length);
  }

  @Test
  void anAgentMayReportItsReward() {
    ScoredGroup group =
        play(
            endpoint -> {
              client(endpoint).ok(CHAT, HELLO);
              assertThat(endpoint.reported()).isEmpty();
              client(endpoint).ok("/v1/reward", "{\"reward\": 0.25}");
              return endpoint.reported().orElseThrow();
            },
            sampling(1));
    assertThat(group.rewards()).containsExactly(0.25);
  }

  @Test
  void anAgentThatFailsOrAsksNothingIsLeftOutAndNeverAZero() {
    ScoredGroup group =
        play(
            endpoint -> {
              if (endpoint.index() == 1) {
                throw new IllegalStateException("no disk");
              }
              if (endpoint.index() == 0) {
                client(endpoint).ok(CHAT, HELLO);
              }
              return 3;
            },
            sampling(3));
    assertThat(group.rewards()).containsExactly(3);
    assertThatThrownBy(() -> play(_ -> 1, sampling(1)))
        .isInstanceOf(EnvironmentFailed.class)
        .hasMessageContaining("must ask the policy something");
  }

  @Test
  void aGeneratorThatFailsFailsTheGroupWhateverTheAgentMakesOfIt() {
    Recording broken =
        new Recording(
            new ArrayList<>() {
              @Override
              public boolean add(Seen seen) {
                throw new IllegalStateException("lost");
              }
            });
    assertThatThrownBy(() ->
            agents.play(
                PROBLEM,
                endpoint -> {
                  client(endpoint).refused(500, CHAT, HELLO);
                  return 1;
                },
                broken,
                sampling(1),
                UnaryOperator.identity()))
        .isInstanceOf(GenerationFailed.class);
  }

  @Test
  void whatCannotBeTrainedOrIsMalformedIsRefusedByName() {
    play(
        endpoint -> {
          SessionClient client = client(endpoint);
          String rest = HELLO.substring(1);
          for (String member :
              List.of(
                  "\"n\":2",
                  "\"response_format\":{\"type\":\"json_object\"}",
                  "\"logit_bias\":{\"3\":1}",
                  "\"structured_outputs\":{\"choice\":[\"a\"]}",
                  "\"tool_choice\":\"required\"",
                  "\"top_logprobs\":3",
                  "\"stop\":[\"\"]")) {
            JsonNode error = client.refused(400, CHAT, "{" + member + "," + rest);
            String name =
                JsonMapper.shared().readTree("{" + member + "}").propertyNames().iterator().next();
            assertThat(error.path("param").asString("")).as(member).startsWith(name);
          }
          for (String wrong :
              List.of(
                  "{\"max_tokens\":3}",
                  "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}",
                  "{\"max_tokens\":3,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\"}]}]}",
                  "{\"max_tokens\":3,\"tools\":[{\"name\":\"web\",\"type\":\"web_search\"}],\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}",
                  "{\"max_tokens\":3,\"tool_choice\":{\"type\":\"any\"},\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}")) {
            assertThat(client.refused(400, MESSAGES, wrong).path("message").asString(""))
                .as(wrong)
                .isNotBlank();
          }
          JsonNode counted =
              client.ok(
                  "/v1/messages/count_tokens",
                  "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}");
          assertThat(counted.path("input_tokens").asInt())
              .isEqualTo(TestServer.TEXT.encode("user:x<|end|>\nassistant:").length);
          client.ok(CHAT, HELLO);
          return 1;
        },
        sampling(1));
  }
}
