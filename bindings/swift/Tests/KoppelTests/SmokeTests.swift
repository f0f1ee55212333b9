import Testing
@testable import Koppel
import KoppelTesting
@Test func opens() async throws { #expect(try Invitation.koppelcode("0000-0000-0", server: "koppel.example.org", user: "jan").host() == "koppel.example.org") }
