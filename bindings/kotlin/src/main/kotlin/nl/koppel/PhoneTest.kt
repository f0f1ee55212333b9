package nl.koppel

import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow

/** "Test my phone" for one account. */
public class PhoneTest internal constructor(private val raw: RawClient, private val account: AccountId) {
    /**
     * What support can read off the telephone, of the steps that ended so far. Nothing in it is secret.
     */
    @Volatile
    public var supportCode: String = ""
        private set

    /** Each step as it ends. Begins when it is collected, ends with the last step, and with its collector. */
    public val steps: Flow<TestStep> = flow {
        speaking { raw.testPhone(account) }.use { test ->
            try {
                while (true) {
                    val step = test.next() ?: break
                    supportCode = test.supportCode()
                    emit(step)
                }
            } finally {
                test.stop()
            }
        }
    }
}
