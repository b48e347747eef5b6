// Preloaded into a process (LD_PRELOAD), makes one of its system calls on files fail, or all from one on,
// and writes down what it did to the disk. It is told by the environment:
//
//   TRACKER_FAULT_ROOT    only paths that begin with this count
//   TRACKER_FAULT_KIND    enospc, full, eio, eintr, short-read, short-write, sync or rename
//   TRACKER_FAULT_AT      which of the calls that this kind concerns, from 1; 0 for none
//   TRACKER_FAULT_FOREVER 1: and all such calls after it
//   TRACKER_FAULT_LOG     a file: a letter for every call, in capitals where it was made to fail
//   TRACKER_FAULT_TRACE   a file: every change of the disk, in order, with its bytes
#pragma once
