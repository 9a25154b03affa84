package dev.burnish.engine;

import dev.burnish.kernel.AttentionPlan;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.FinishReason;
import dev.burnish.rollout.TokenVersions;
import dev.burnish.text.StreamingDecoder;
import dev.burnish.text.Tokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// One completion while it grows: its tokens, where its keys lie in the cache, and whether it is
/// done.
final class Sequence {
  private final int index;
  private final int[] prompt;
  private final int sample;
  private final long key;
  private final int slot;
  private final int room;
  private final int[] ends;
  private final List<String> stop;
  private final Optional<Tokenizer> tokenizer;
  private final Optional<StreamingDecoder> decoder;
  private final StringBuilder text = new StringBuilder();
  private Spans promptSpans = Spans.NONE;
  private int[] tokens = new int[16];
  private float[] logprobs = new float[16];
  private int length;
  private int cut = -1;
  private boolean stopped;

  Sequence(
      int index,
      int[] prompt,
      int sample,
      long key,
      int slot,
      int room,
      int[] ends,
      List<String> stop,
      Optional<Tokenizer> tokenizer) {
    this.index = index;
    this.prompt = prompt;
    this.sample = sample;
    this.key = key;
    this.slot = slot;
    this.room = room;
    this.ends = ends;
    this.stop = stop;
    this.tokenizer = tokenizer;
    this.decoder = tokenizer.map(Tokenizer::stream);
  }

  /// Index of the prompt.
  int prompt() {
    return index;
  }

  int sample() {
    return sample;
  }

  long key() {
    return key;
  }

  int length() {
    return length;
  }

  boolean done() {
    return stopped || length >= room;
  }

  int lastToken() {
    return tokens[length - 1];
  }

  int lastPosition() {
    return prompt.length + length - 1;
  }

  int lastSlot() {
    return slot + length - 1;
  }

  /// Sets where the keys of the prompt lie in the cache.
  void attend(Spans spans) {
    promptSpans = spans;
  }

  /// The last token attending to the prompt and to its completion so far.
  AttentionPlan.Node node(int row) {
    Spans all = promptSpans.plus(slot, length);
    return new AttentionPlan.Node(row, 1, all.starts(), all.lengths());
  }

  /// Runs of adjacent slots of the cache, in order of position.
  record Spans(int[] starts, int[] lengths) {
    static final Spans NONE = new Spans(new int[0], new int[0]);

    Spans plus(int start, int length) {
      int[] longerStarts = Arrays.copyOf(starts, starts.length + 1);
      int[] longerLengths = Arrays.copyOf(lengths, lengths.length + 1);
      longerStarts[starts.length] = start;
      longerLengths[lengths.length] = length;
      return new Spans(longerStarts, longerLengths);
    }
  }

  void append(Sampler.Draw draw) {
    if (length == tokens.length) {
      tokens = Arrays.copyOf(tokens, 2 * length);
      logprobs = Arrays.copyOf(logprobs, 2 * length);
    }
    tokens[length] = draw.token();
    logprobs[length++] = draw.logprob();
    for (int end : ends) {
      stopped |= end == draw.token();
    }
    if (!stop.isEmpty() && !stopped) {
      int before = text.length();
      if (tokenizer.filter(text -> !text.isSpecial(draw.token())).isPresent()) {
        decoder.ifPresent(decoding -> text.append(decoding.append(draw.token())));
      }
      findStop(before);
    }
  }

  private void findStop(int before) {
    for (String wanted : stop) {
      int at = text.indexOf(wanted, Math.max(0, before - wanted.length() + 1));
      if (at >= 0 && (cut < 0 || at < cut)) {
        cut = at;
        stopped = true;
      }
    }
  }

  Completion completion(long version) {
    int[] ids = Arrays.copyOf(tokens, length);
    String whole =
        cut >= 0
            ? text.substring(0, cut)
            : tokenizer.map(text -> text.decode(ids, true)).orElse("");
    return new Completion(
        ids,
        Arrays.copyOf(logprobs, length),
        TokenVersions.of(version, length),
        whole,
        stopped ? FinishReason.STOP : FinishReason.LENGTH);
  }
}
