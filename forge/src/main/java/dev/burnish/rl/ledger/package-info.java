/// The fate of every group: when it may begin, and how it ended.
@NullMarked
package dev.burnish.rl.ledger;

import org.jspecify.annotations.NullMarked;
