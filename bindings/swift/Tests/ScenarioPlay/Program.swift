import Foundation

/// Plays one scenario: `ScenarioPlay FILE`. Says why it did not come to its end, and then ends with 1.
@main
enum Program {
    static func main() async {
        do {
            let scenario = try JSONDecoder().decode(Value.self, from: Data(contentsOf: URL(fileURLWithPath: CommandLine.arguments[1])))
            try await Play(scenario).toTheEnd()
        } catch {
            print(error)
            exit(1)
        }
    }
}
