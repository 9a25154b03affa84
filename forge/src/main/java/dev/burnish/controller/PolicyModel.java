package dev.burnish.controller;

import dev.burnish.model.LanguageModel;
import dev.burnish.text.Tokenizer;

/// What is trained: a model with its tokenizer, which has the chat template.
public record PolicyModel(LanguageModel model, Tokenizer tokenizer) {}
