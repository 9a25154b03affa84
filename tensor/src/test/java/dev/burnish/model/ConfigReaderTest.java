package dev.burnish.model;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

class ConfigReaderTest {
  private static void refuseUnread(String json) {
    new ConfigReader(JsonMapper.shared().readTree(json), "config.json").refuseUnread();
  }

  @Test
  void aWholeDumpOfAnEarlierVersionIsAccepted() {
    assertThatCode(() ->
            refuseUnread(
                """
                {"return_dict": true, "output_hidden_states": false, "torchscript": true,
                 "use_bfloat16": false, "tf_legacy_loss": false, "pruned_heads": {},
                 "tie_encoder_decoder": false, "max_length": 20, "min_length": 0, "do_sample": true,
                 "early_stopping": true, "num_beams": 4, "num_beam_groups": 1, "diversity_penalty": 0.0,
                 "temperature": 1.0, "top_k": 50, "top_p": 1.0, "typical_p": 1.0,
                 "repetition_penalty": 1.0, "length_penalty": 1.0, "no_repeat_ngram_size": 0,
                 "encoder_no_repeat_ngram_size": 0, "bad_words_ids": null, "num_return_sequences": 1,
                 "output_scores": true, "return_dict_in_generate": true, "forced_bos_token_id": 3,
                 "forced_eos_token_id": 2, "remove_invalid_values": true, "suppress_tokens": [1],
                 "exponential_decay_length_penalty": [3, 1.1], "begin_suppress_tokens": [1],
                 "architectures": ["X"], "finetuning_task": "y", "id2label": {"0": "LABEL_0"},
                 "label2id": {"LABEL_0": 0}, "tokenizer_class": "Z", "prefix": "p", "bos_token_id": 1,
                 "sep_token_id": 5, "decoder_start_token_id": 7, "problem_type": "q", "min_p": 0.1,
                 "_name_or_path": "n", "transformers_version": "4.30.2", "add_cross_attention": false,
                 "cross_attention_hidden_size": null, "unsloth_fixed": true, "unsloth_version": "2024.9",
                 "neftune_noise_alpha": 5, "max_sequence_length": 2048, "_flash_attn_2_enabled": true,
                 "gradient_checkpointing": true, "resid_pdrop": 0.1}
                """))
        .doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "attention_multiplier=2.0",
        "final_logit_softcapping=30.0",
        "logit_scale=0.5",
        "num_experts=8",
        "use_bidirectional_attention=true",
        "add_cross_attention=true",
        "a_setting_of_tomorrow=1",
        "quantization_config={\"bits\":4}",
        "pruned_heads={\"0\":[1]}"
      })
  void aSettingThatMayChangeTheNumbersIsRefused(String setting) {
    String json = "{\"" + setting.replaceFirst("=", "\": ") + "}";
    assertThatThrownBy(() -> refuseUnread(json))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(setting);
  }
}
