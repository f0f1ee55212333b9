#if canImport(SwiftUI)
import Koppel
import SwiftUI

// Not yet run: there is no SwiftUI on Linux.

/// Follows the companion while it is there, and is connected while the app is on screen.
struct OnScreen: View {
    @Environment(\.scenePhase) private var scenePhase
    let model: KoppelModel

    var body: some View {
        List(model.state.challenges) { challenge in
            Text("Inlogverzoek bij \(challenge.organisation)")
        }
        .task { await model.follow() }
        .task(id: scenePhase) { if scenePhase == .active { try? await model.client.stayConnected() } }
    }
}
#endif
