package dev.burnish.model;

import java.util.Set;

/// Settings of a `config.json` that change no number of a forward in inference or training without
/// dropout, whatever their value.
final class HarmlessSettings {
  /// Of the model itself, as this and earlier versions of transformers write them.
  private static final Set<String> OF_MODELS =
      words(
          """
          architectures model_type _name_or_path transformers_version torch_dtype dtype use_cache
          bos_token_id eos_token_id pad_token_id unk_token_id sep_token_id cls_token_id
          mask_token_id initializer_range initializer_factor attention_dropout attn_pdrop
          hidden_dropout hidden_dropout_prob resid_pdrop resid_dropout embd_pdrop embd_dropout
          classifier_dropout mlp_dropout _attn_implementation _attn_implementation_autoset
          _attn_implementation_internal attn_implementation _experts_implementation
          _flash_attn_2_enabled use_flash_attn use_flash_attention use_flash_attention_2 use_sdpa
          return_dict use_return_dict output_attentions output_hidden_states is_decoder
          max_window_layers id2label label2id num_labels problem_type task_specific_params
          finetuning_task prefix chunk_size_feed_forward is_encoder_decoder transformers.js_config
          is_llama_config rope_interleaved no_rope_layer_interval pretraining_tp use_sliding_window
          layer_types tokenizer_class auto_map torchscript use_bfloat16 tf_legacy_loss _commit_hash
          gradient_checkpointing max_sequence_length model_max_length tokenizer_model_max_length
          max_seq_len seq_length n_ctx_orig decoder_start_token_id cache_implementation
          """);

  /// Of generation: earlier versions wrote them into every `config.json`.
  private static final Set<String> OF_GENERATION =
      words(
          """
          max_length max_new_tokens min_length min_new_tokens max_time do_sample early_stopping
          num_beams num_beam_groups diversity_penalty temperature top_k top_p min_p top_h typical_p
          epsilon_cutoff eta_cutoff repetition_penalty encoder_repetition_penalty length_penalty
          no_repeat_ngram_size encoder_no_repeat_ngram_size bad_words_ids force_words_ids
          num_return_sequences output_scores output_logits return_dict_in_generate
          return_legacy_cache forced_bos_token_id forced_eos_token_id remove_invalid_values
          exponential_decay_length_penalty suppress_tokens begin_suppress_tokens sequence_bias
          renormalize_logits constraints guidance_scale low_memory penalty_alpha dola_layers
          stop_strings token_healing watermarking_config generation_config num_assistant_tokens
          num_assistant_tokens_schedule assistant_confidence_threshold prompt_lookup_num_tokens
          """);

  /// Marks of tools that trained, changed or converted the model.
  private static final Set<String> OF_TOOLS =
      words(
          """
          neftune_noise_alpha onnx trust_remote_code mlx_version base_model base_model_name
          model_name training_args trl_version sft_config axolotl_config llamafactory_version
          ms_swift_version merge_method mergekit_config library_name license
          """);

  private static final Set<String> PREFIXES =
      Set.of("unsloth_", "trl_", "axolotl_", "llamafactory_");

  private HarmlessSettings() {}

  private static Set<String> words(String list) {
    return Set.of(list.strip().split("\\s+", -1));
  }

  static boolean contains(String key) {
    return OF_MODELS.contains(key)
        || OF_GENERATION.contains(key)
        || OF_TOOLS.contains(key)
        || PREFIXES.stream().anyMatch(key::startsWith);
  }
}
