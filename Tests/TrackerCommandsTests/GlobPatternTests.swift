import Testing

@testable import TrackerCommands

@Suite struct GlobPatternTests {
  @Test(arguments: [
    ("abc", "abc", true), ("abc", "ab", false), ("abc", "a*", true), ("abc", "*c", true),
    ("abc", "*b*", true), ("abc", "*d*", false), ("", "*", true), ("abc", "a?c", true),
    ("aéc", "a?c", true), ("a€c", "a??c", false), ("abc", "a[bx]c", true),
    ("abc", "a[!bx]c", false), ("abc", "a[^x]c", true), ("abc", "a[a-c]c", true),
    ("a]c", "a[]]c", true), ("a-c", "a[b-]c", true), ("a[c", "a[c", true), ("a*c", "a\\*c", true),
    ("abc", "a\\*c", false), (".abc", "*", false), (".abc", ".*", true), (".abc", "?abc", false),
    ("aab", "*ab", true), ("w12.tracker", "w*.tracker", true),
    ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "*a*a*a*a*a*a*a*a*a*a*a*a*c", false),
  ]) func patternsMatchAsInShells(_ name: String, _ pattern: String, _ isMatch: Bool) {
    #expect(GlobPattern.matches(Array(name.utf8), Array(pattern.utf8)) == isMatch)
  }

  @Test func pathsWithoutSpecialBytesAreNoPatterns() {
    #expect(GlobPattern("a/b.tracker") == nil)
    #expect(GlobPattern("a/*.tracker") != nil)
  }
}
