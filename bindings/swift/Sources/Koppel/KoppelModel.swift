import Observation

/// The companion for SwiftUI: a view that reads ``state`` is drawn again when it changed.
///
/// ```swift
/// AccountsView(model: model)
///     .task { await model.follow() }
///     .task(id: scenePhase) { if scenePhase == .active { try? await model.client.stayConnected() } }
/// ```
@MainActor
@Observable
public final class KoppelModel {
    /// The verbs.
    public let client: KoppelClient
    /// The newest picture of everything.
    public private(set) var state: KoppelState

    public init(_ client: KoppelClient) {
        self.client = client
        state = client.state
    }

    /// Keeps ``state`` up to date until the task is cancelled or the client is stopped.
    public func follow() async {
        for await newest in client.states where newest.revision >= state.revision {
            state = newest
        }
    }
}
