import Foundation

/// Plays one scenario: `ScenarioPlay FILE FOLDER`, with the phones in that folder, which is the caller's to remove.
/// Says why it did not come to its end, and then ends with 1.
@main
enum Program {
    static func main() async {
        do {
            let scenario = try JSONDecoder().decode(Value.self, from: Data(contentsOf: URL(fileURLWithPath: CommandLine.arguments[1])))
            try await Play(scenario, in: URL(fileURLWithPath: CommandLine.arguments[2])).toTheEnd()
        } catch {
            print(error)
            exit(1)
        }
    }
}
