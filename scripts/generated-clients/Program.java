import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.util.List;
import java.util.Map;
import push.ApiClient;
import push.ApiException;
import push.api.PushApi;
import push.model.DeviceRecord;
import push.model.ErrorAnswer;
import push.model.Fault;
import push.model.Push;

/** Pushes one value with the generated client: ORIGIN KEY VALUE DRY_RUN. Prints the outcome, or the status, code and places of an error. */
public class Program {
    public static void main(String[] args) throws Exception {
        ApiClient client = new ApiClient();
        URI origin = URI.create(args[0]);
        client.setScheme(origin.getScheme()).setHost(origin.getHost()).setPort(origin.getPort()).setBasePath("");
        client.setRequestInterceptor(request -> request.header("X-API-Key", args[1]));
        DeviceRecord record = new DeviceRecord().deviceId("meter-7").recordTime("2021-09-08 18:40:00").data(Map.of("Ua", args[2]));
        try {
            System.out.println(new PushApi(client).pushDeviceData(new Push().deviceType("1").devices(List.of(record)), Boolean.valueOf(args[3]), null).getData().getValue());
        } catch (ApiException error) {
            ErrorAnswer answer = new ObjectMapper().readValue(error.getResponseBody(), ErrorAnswer.class);
            System.out.print(error.getCode() + " " + answer.getCode());
            for (Fault fault : answer.getErrors() == null ? List.<Fault>of() : answer.getErrors()) System.out.print(" " + fault.getPath());
            System.out.println();
        }
    }
}
