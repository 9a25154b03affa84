package dev.burnish.engine;

import dev.burnish.kernel.AttentionPlan;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.FinishReason;
import dev.burnish.rollout.TokenVersions;
import dev.burnish.tensor.KeyedRandom;
import dev.burnish.text.StreamingDecoder;
import dev.burnish.text.Tokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// One completion while it grows: its tokens, where its keys lie in the cache, and whether it is
/// done.
final class Sequence {
  /// The slots of a completion's keys.
  ///
  /// @param room most tokens
  record Place(int slot, int room) {}

  /// The endings of a completion, in addition to its stop texts.
  record Endings(int[] tokens, Optional<Tokenizer> tokenizer) {}

  private final GroupTask group;
  private final int sample;
  private final long key;
  private final Place place;
  private final Endings endings;
  private final Optional<StreamingDecoder> decoder;
  private final StringBuilder text = new StringBuilder();
  private Spans promptSpans = Spans.NONE;
  private int[] tokens = new int[16];
  private float[] logprobs = new float[16];
  private TokenVersions versions = TokenVersions.of(0, 0);
  private long version;
  private int ofVersion;
  private int length;
  private int cut = -1;
  private boolean stopped;
  private boolean aborted;

  Sequence(GroupTask group, int sample, Place place, Endings endings) {
    this.group = group;
    this.sample = sample;
    this.place = place;
    this.endings = endings;
    this.key = KeyedRandom.bits(group.sampling().seed(), "prompt-" + group.index(), sample);
    this.decoder = endings.tokenizer().map(Tokenizer::stream);
  }

  GroupTask group() {
    return group;
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
    return stopped || aborted || length >= place.room();
  }

  /// Ends it where it is, if it has not ended.
  void abort() {
    aborted = !done();
  }

  int lastToken() {
    return tokens[length - 1];
  }

  int lastPosition() {
    return group.prompt().length + length - 1;
  }

  int lastSlot() {
    return place.slot() + length - 1;
  }

  /// Sets where the keys of the prompt lie in the cache.
  void attend(Spans spans) {
    promptSpans = spans;
  }

  /// The last token attending to the prompt and to its completion so far.
  AttentionPlan.Node node(int row) {
    Spans all = promptSpans.plus(place.slot(), length);
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

  /// @param byVersion of the weights that the token was drawn with
  void append(Sampler.Draw draw, long byVersion) {
    if (length == tokens.length) {
      tokens = Arrays.copyOf(tokens, 2 * length);
      logprobs = Arrays.copyOf(logprobs, 2 * length);
    }
    count(byVersion);
    tokens[length] = draw.token();
    logprobs[length++] = draw.logprob();
    for (int end : endings.tokens()) {
      stopped |= end == draw.token();
    }
    List<String> stop = group.sampling().stop().texts();
    if (!stop.isEmpty() && !stopped) {
      int before = text.length();
      if (endings.tokenizer().filter(text -> !text.isSpecial(draw.token())).isPresent()) {
        decoder.ifPresent(decoding -> text.append(decoding.append(draw.token())));
      }
      findStop(stop, before);
    }
  }

  private void count(long byVersion) {
    if (byVersion != version) {
      versions = versions();
      version = byVersion;
      ofVersion = 0;
    }
    ofVersion++;
  }

  private TokenVersions versions() {
    return versions.concat(TokenVersions.of(version, ofVersion));
  }

  private void findStop(List<String> stop, int before) {
    for (String wanted : stop) {
      int at = text.indexOf(wanted, Math.max(0, before - wanted.length() + 1));
      if (at >= 0 && (cut < 0 || at < cut)) {
        cut = at;
        stopped = true;
      }
    }
  }

  private FinishReason finish() {
    if (aborted) {
      return FinishReason.ABORTED;
    }
    return stopped ? FinishReason.STOP : FinishReason.LENGTH;
  }

  Completion completion() {
    int[] ids = Arrays.copyOf(tokens, length);
    String whole =
        cut >= 0
            ? text.substring(0, cut)
            : endings.tokenizer().map(text -> text.decode(ids, true)).orElse("");
    return new Completion(ids, Arrays.copyOf(logprobs, length), versions(), whole, finish());
  }
}
