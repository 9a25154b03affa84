package dev.burnish.rl.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.rl.journal.EpisodeJournal.Later;
import dev.burnish.rl.ledger.GroupEnd;
import dev.burnish.rl.loop.Groups;
import dev.burnish.rl.replay.Batch;
import dev.burnish.rl.replay.Held;
import dev.burnish.rollout.ScoredGroup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EpisodeJournalTest {
  private static final GroupEnd TOO_LATE =
      new GroupEnd.Failed(GroupEnd.Cause.TIMEOUT, "deadline=PT1S");

  @TempDir Path folder;

  private Path file() {
    return folder.resolve("episodes.bin");
  }

  private static Batch<ScoredGroup> batch(long version, Long... positions) {
    List<Held<ScoredGroup>> held =
        Arrays.stream(positions)
            .map(p -> new Held<>(p, version, Groups.of(p, p, version)))
            .toList();
    return new Batch<>(version, held, held.stream().map(each -> 0.5).toList());
  }

  private static void assertHas(EpisodeJournal journal, long position, long seed, long version) {
    assertThat(journal.group(position).map(Groups::text))
        .contains(Groups.text(Groups.of(position, seed, version)));
  }

  @Test
  void whatWasRecordedIsThereAgain() {
    try (EpisodeJournal journal = EpisodeJournal.open(file())) {
      journal.began(0, List.of(1L));
      journal.finished(4, Groups.of(4, 4, 0));
      journal.ended(5, 0, TOO_LATE);
      assertHas(journal, 4, 4, 0);
      journal.force();
    }
    try (EpisodeJournal journal = EpisodeJournal.open(file())) {
      assertHas(journal, 4, 4, 0);
      assertThat(journal.end(5)).contains(TOO_LATE);
      assertThat(journal.group(5)).isEmpty();
      assertThat(journal.end(4)).isEmpty();
      journal.retain(position -> position == 4);
      assertThat(journal.end(5)).isEmpty();
      journal.forget(4);
      assertThat(journal.group(4)).isEmpty();
    }
  }

  @Test
  void aTornRecordIsCutOffWhereverItWasTorn() throws Exception {
    byte[] whole;
    long length;
    try (EpisodeJournal journal = EpisodeJournal.open(file())) {
      journal.finished(0, Groups.of(0, 0, 0));
      length = Files.size(file());
      journal.finished(1, Groups.of(1, 1, 0));
    }
    whole = Files.readAllBytes(file());
    for (int cut = (int) length; cut < whole.length; cut++) {
      Files.write(file(), Arrays.copyOf(whole, cut));
      try (EpisodeJournal journal = EpisodeJournal.open(file())) {
        assertHas(journal, 0, 0, 0);
        assertThat(journal.group(1)).as("cut=%d", cut).isEmpty();
        assertThat(Files.size(file())).isEqualTo(length);
        journal.finished(1, Groups.of(1, 1, 0));
      }
      assertThat(Files.readAllBytes(file())).isEqualTo(whole);
    }
  }

  @Test
  void aDamagedRecordEndsTheFileAndItsLengthIsNotBelieved() throws Exception {
    long first;
    try (EpisodeJournal journal = EpisodeJournal.open(file())) {
      first = Files.size(file());
      journal.finished(0, Groups.of(0, 0, 0));
    }
    byte[] whole = Files.readAllBytes(file());
    for (int i = (int) first; i < whole.length; i++) {
      byte[] damaged = whole.clone();
      damaged[i] ^= (byte) 0x80;
      Files.write(file(), damaged);
      try (EpisodeJournal journal = EpisodeJournal.open(file())) {
        assertThat(journal.group(0)).as("byte=%d", i).isEmpty();
      }
    }
  }

  @Test
  void anotherFileIsLeftAlone() throws Exception {
    Files.writeString(file(), "something else entirely");
    assertThatThrownBy(() -> EpisodeJournal.open(file()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("a recording must begin as one of a loop does")
        .hasMessageContaining("episodes.bin");
    assertThat(Files.readString(file())).isEqualTo("something else entirely");
  }

  @Test
  void anInterruptedThreadWritesToo() {
    try (EpisodeJournal journal = EpisodeJournal.open(file())) {
      Thread.currentThread().interrupt();
      journal.finished(0, Groups.of(0, 0, 0));
      assertThat(Thread.interrupted()).isTrue();
      assertHas(journal, 0, 0, 0);
    }
  }

  @Test
  void groupsOfLaterVersionsAreUsedWhileTheirWeightsAreTheSame() {
    try (EpisodeJournal journal = EpisodeJournal.open(file())) {
      journal.began(0, List.of(10L));
      for (long version = 0; version < 4; version++) {
        journal.finished(version, Groups.of(version, 0, version));
        journal.published(batch(version, version), List.of(11 + version));
      }
      journal.ended(4, 4, TOO_LATE);
    }
    try (EpisodeJournal journal = EpisodeJournal.open(file())) {
      journal.resume(1, Later.USE);
      journal.began(1, List.of(11L));
      assertHas(journal, 2, 0, 2);
      journal.published(batch(1, 1L), List.of(12L));
      assertHas(journal, 2, 0, 2);
      journal.published(batch(2, 2L), List.of(99L));
      assertHas(journal, 2, 0, 2);
      assertThat(journal.group(3)).as("made by weights that differ").isEmpty();
      assertThat(journal.end(4)).isEmpty();
    }
    try (EpisodeJournal journal = EpisodeJournal.open(file())) {
      journal.resume(1, Later.USE);
      journal.began(1, List.of(77L));
      assertHas(journal, 0, 0, 0);
      assertThat(journal.group(1)).isEmpty();
    }
  }

  @Test
  void groupsOfLaterVersionsAreForgottenWhereTimingDecidesWhatIsTrained() {
    try (EpisodeJournal journal = EpisodeJournal.open(file())) {
      journal.finished(0, Groups.of(0, 0, 1));
      journal.finished(1, Groups.of(1, 0, 2));
      journal.resume(1, Later.FORGET);
      assertHas(journal, 0, 0, 1);
      assertThat(journal.group(1)).isEmpty();
    }
  }
}
