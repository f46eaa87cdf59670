// Makes the calls that it reads, a JSON list, and writes what each came to.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ses"
	sestypes "github.com/aws/aws-sdk-go-v2/service/ses/types"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/smithy-go"
)

type call struct {
	Call     string   `json:"call"`
	From     *string  `json:"from"`
	To       []string `json:"to"`
	Raw      []byte   `json:"raw"`
	Template string   `json:"template"`
}

type answer struct {
	ID       *string  `json:"id,omitempty"`
	Statuses []string `json:"statuses,omitempty"`
	Rate     float64  `json:"rate,omitempty"`
	Code     string   `json:"code,omitempty"`
	Status   int      `json:"status,omitempty"`
}

var (
	ctx     = context.Background()
	old     *ses.Client
	current *sesv2.Client
)

func main() {
	settings, err := config.LoadDefaultConfig(ctx, config.WithRetryMaxAttempts(1))
	must(err)
	old, current = ses.NewFromConfig(settings), sesv2.NewFromConfig(settings)
	var calls []call
	must(json.NewDecoder(os.Stdin).Decode(&calls))
	said := []answer{}
	for _, each := range calls {
		made, err := perform(each)
		if err != nil {
			made = refused(err)
		}
		said = append(said, made)
	}
	must(json.NewEncoder(os.Stdout).Encode(said))
}

func perform(c call) (answer, error) {
	text := aws.String("x")
	switch c.Call {
	case "v1 simple":
		content := &sestypes.Content{Data: aws.String("Hé")}
		out, err := old.SendEmail(ctx, &ses.SendEmailInput{
			Source:      c.From,
			Destination: &sestypes.Destination{ToAddresses: c.To},
			Message: &sestypes.Message{
				Subject: content,
				Body:    &sestypes.Body{Text: &sestypes.Content{Data: text}},
			},
		})
		if err != nil {
			return answer{}, err
		}
		return answer{ID: out.MessageId}, nil
	case "v1 raw":
		out, err := old.SendRawEmail(ctx, &ses.SendRawEmailInput{
			Source:       c.From,
			Destinations: c.To,
			RawMessage:   &sestypes.RawMessage{Data: c.Raw},
		})
		if err != nil {
			return answer{}, err
		}
		return answer{ID: out.MessageId}, nil
	case "v1 bulk":
		entries := []sestypes.BulkEmailDestination{}
		for _, to := range c.To {
			destination := &sestypes.Destination{ToAddresses: []string{to}}
			entries = append(entries, sestypes.BulkEmailDestination{Destination: destination})
		}
		out, err := old.SendBulkTemplatedEmail(ctx, &ses.SendBulkTemplatedEmailInput{
			Source:              c.From,
			Template:            aws.String(c.Template),
			DefaultTemplateData: aws.String("{}"),
			Destinations:        entries,
		})
		if err != nil {
			return answer{}, err
		}
		made := answer{}
		for _, each := range out.Status {
			made.Statuses = append(made.Statuses, string(each.Status))
		}
		return made, nil
	case "v2 simple":
		return sent(c, &types.EmailContent{Simple: &types.Message{
			Subject: &types.Content{Data: aws.String("Hé")},
			Body:    &types.Body{Text: &types.Content{Data: text}},
		}})
	case "v2 raw":
		return sent(c, &types.EmailContent{Raw: &types.RawMessage{Data: c.Raw}})
	case "v2 bulk":
		entries := []types.BulkEmailEntry{}
		for _, to := range c.To {
			destination := &types.Destination{ToAddresses: []string{to}}
			entries = append(entries, types.BulkEmailEntry{Destination: destination})
		}
		out, err := current.SendBulkEmail(ctx, &sesv2.SendBulkEmailInput{
			FromEmailAddress: c.From,
			DefaultContent: &types.BulkEmailContent{Template: &types.Template{
				TemplateName: aws.String(c.Template),
				TemplateData: aws.String("{}"),
			}},
			BulkEmailEntries: entries,
		})
		if err != nil {
			return answer{}, err
		}
		made := answer{}
		for _, each := range out.BulkEmailEntryResults {
			made.Statuses = append(made.Statuses, string(each.Status))
		}
		return made, nil
	case "v2 account":
		out, err := current.GetAccount(ctx, &sesv2.GetAccountInput{})
		if err != nil {
			return answer{}, err
		}
		return answer{Rate: out.SendQuota.MaxSendRate}, nil
	}
	return answer{}, errors.New(c.Call)
}

func sent(c call, content *types.EmailContent) (answer, error) {
	given := &sesv2.SendEmailInput{FromEmailAddress: c.From, Content: content}
	if len(c.To) > 0 {
		given.Destination = &types.Destination{ToAddresses: c.To}
	}
	out, err := current.SendEmail(ctx, given)
	if err != nil {
		return answer{}, err
	}
	return answer{ID: out.MessageId}, nil
}

func refused(err error) answer {
	made := answer{Code: err.Error()}
	var service smithy.APIError
	if errors.As(err, &service) {
		made.Code = service.ErrorCode()
	}
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		made.Status = response.HTTPStatusCode()
	}
	return made
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
