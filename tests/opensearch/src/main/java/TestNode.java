import java.util.List;
import java.util.Map;
import org.opensearch.analysis.common.CommonAnalysisPlugin;
import org.opensearch.common.settings.Settings;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.transport.Netty4Plugin;

/** A node of OpenSearch without a distribution's folders. Arguments: key=value of its settings, and the number of a
 *  process (watch=123) with which it ends. */
public final class TestNode extends Node {
    private TestNode(Settings settings, String name) {
        super(InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), null, () -> name),
            List.of(Netty4Plugin.class, CommonAnalysisPlugin.class), true);
    }

    public static void main(String[] arguments) throws Exception {
        Settings.Builder settings = Settings.builder();
        long watched = 0;
        for (String argument : arguments) {
            String[] pair = argument.split("=", 2);
            if (pair[0].equals("watch")) watched = Long.parseLong(pair[1]);
            else settings.put(pair[0], pair[1]);
        }
        TestNode node = new TestNode(settings.build(), settings.get("node.name"));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try { node.close(); } catch (Exception ignored) { }
        }));
        node.start();
        while (ProcessHandle.of(watched).isPresent()) Thread.sleep(500);
        System.exit(0);
    }
}
