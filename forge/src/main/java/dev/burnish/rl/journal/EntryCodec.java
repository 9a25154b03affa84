package dev.burnish.rl.journal;

import dev.burnish.rollout.ScoredGroup;
import dev.burnish.wire.Codec;
import dev.burnish.wire.Codecs;
import dev.burnish.wire.Session;
import java.util.List;

/// Entries and groups as bytes.
final class EntryCodec {
  private static final Codecs CODECS = RecordFile.codecs();
  private static final Codec ENTRY = CODECS.of(Entry.class);
  private static final Codec GROUP = CODECS.of(ScoredGroup.class);

  private EntryCodec() {}

  static byte[] encode(Entry entry) {
    return ENTRY.encode(List.of(entry), Session.NONE);
  }

  static Entry decode(byte[] record) {
    return (Entry) ENTRY.decode(record, Session.NONE).getFirst();
  }

  static byte[] encode(ScoredGroup group) {
    return GROUP.encode(List.of(group), Session.NONE);
  }

  /// The group of a record.
  static ScoredGroup group(byte[] record) {
    if (decode(record) instanceof Entry.Finished finished) {
      return (ScoredGroup) GROUP.decode(finished.group(), Session.NONE).getFirst();
    }
    throw new IllegalStateException("a record must hold a group");
  }
}
