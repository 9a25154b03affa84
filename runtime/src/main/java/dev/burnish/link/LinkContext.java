package dev.burnish.link;

import dev.burnish.link.transport.ProcessAddress;
import java.util.function.Function;

/// State shared by all links of a process.
///
/// @param regions that this process has passed on
/// @param plane how bytes of regions come from other hosts
/// @param link returns the link to a process
/// @param connect returns a further link to a process, for bulk data
record LinkContext(
    ProcessAddress self,
    Regions regions,
    DataPlane plane,
    Function<ProcessAddress, Link> link,
    Function<ProcessAddress, Link> connect) {}
