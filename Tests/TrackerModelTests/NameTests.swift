import Testing
import TrackerModel

@Suite struct NameTests {
  @Test func canonicallyEquivalentStringsAreDifferentNames() {
    #expect("\u{E9}" == "e\u{301}")
    #expect(Name("\u{E9}") != Name("e\u{301}"))
  }

  @Test func namesSortByBytes() {
    #expect(Name("Z") < Name("a"))
    #expect(Name("\u{FFFD}") < Name("\u{10000}"))
  }
}
