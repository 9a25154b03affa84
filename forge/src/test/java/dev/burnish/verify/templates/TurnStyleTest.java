package dev.burnish.verify.templates;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.testing.SharedFiles;
import dev.burnish.text.ChatOptions;
import dev.burnish.text.ChatTemplate;
import dev.burnish.text.TurnStyle;
import dev.burnish.verify.templates.TemplateCases.Case;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// The effect of each recorded template on earlier turns when one is added. All others append.
class TurnStyleTest {
  private static final List<String> STRIPS =
      List.of("deepseek-ai/DeepSeek-R1", "Qwen/Qwen3-0.6B", "qwen3-tools");

  /// Most write something after the prompt for an answer that they leave out later, or the other
  /// way round.
  private static final List<String> REWRITES =
      List.of(
          "blenderbot",
          "blenderbot_small",
          "llama",
          "openchat/openchat-3.5-0106",
          "codellama/CodeLlama-70b-Instruct-hf",
          "deepseek-ai/deepseek-llm-7b-chat",
          "abacusai/Smaug-34B-v0.1",
          "meetkai/functionary-medium-v2.2",
          "maywell/PiVoT-MoE",
          "mistralai/Mistral-7B-Instruct-v0.3 (JSON Schema)",
          "Qwen/Qwen3.5-4B",
          "CohereLabs/c4ai-command-a-03-2025",
          "ai21labs/AI21-Jamba-Large-1.6",
          "meta-llama/Llama-Guard-3-11B-Vision",
          "CohereLabs/command-a-reasoning-08-2025",
          "moonshotai/Kimi-K2-Thinking",
          "zai-org/GLM-5.1",
          "previtem",
          "slice",
          "break");

  /// They need tools or documents, or have a syntax error on purpose.
  private static final List<String> REFUSES =
      List.of(
          "fireworks-ai/firefunction-v1",
          "CohereForAI/c4ai-command-r-v01",
          "CohereForAI/c4ai-command-r-v01 (JSON Schema)",
          "NousResearch/Hermes-2-Pro-Llama-3-8B (JSON Schema)",
          "macro");

  @Test
  void eachTemplateIsWhatItWasSeenToBe() {
    Map<String, TurnStyle> styles = new TreeMap<>();
    for (Case each : TemplateCases.read(SharedFiles.data("chat_templates.json"))) {
      ChatTemplate template =
          ChatTemplate.of(each.template(), Map.of("bos_token", "<s>", "eos_token", "</s>"));
      styles.put(
          each.name().substring(each.name().indexOf(':') + 1),
          template.turnStyle(ChatOptions.defaults()));
    }
    assertThat(styles).hasSize(60);
    assertThat(named(styles, TurnStyle.STRIPS_THOUGHTS))
        .containsExactlyInAnyOrderElementsOf(STRIPS);
    assertThat(named(styles, TurnStyle.REWRITES)).containsExactlyInAnyOrderElementsOf(REWRITES);
    assertThat(named(styles, TurnStyle.REFUSES)).containsExactlyInAnyOrderElementsOf(REFUSES);
  }

  private static List<String> named(Map<String, TurnStyle> styles, TurnStyle style) {
    return styles.entrySet().stream()
        .filter(entry -> entry.getValue() == style)
        .map(Map.Entry::getKey)
        .collect(Collectors.toList());
  }
}
