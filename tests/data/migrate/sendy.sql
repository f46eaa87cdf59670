-- phpMyAdmin SQL Dump
-- version 5.2.1
-- Written by hand by the schema of Sendy 5 (as its own export has it; suppression_list of Sendy 6).

SET SQL_MODE = "NO_AUTO_VALUE_ON_ZERO";
/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40101 SET NAMES utf8mb4 */;

CREATE TABLE `campaigns` (
  `id` int(11) UNSIGNED NOT NULL,
  `userID` int(11) DEFAULT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

INSERT INTO `campaigns` (`id`, `userID`, `app`, `from_name`, `from_email`, `reply_to`, `title`, `label`, `plain_text`, `html_text`, `query_string`, `sent`, `to_send`, `to_send_lists`, `recipients`, `timeout_check`, `opens`, `wysiwyg`, `send_date`, `lists`, `timezone`) VALUES
(1, 1, 1, 'Ada\'s Shop, Paris', 'news@example.com', 'reply@example.com', 'Hello [Name,fallback=there]', 'March news', 'Hi [Name]\r\n[unsubscribe]', '<html>\r\n<body><p>Dear [FirstName,fallback=reader] ([1], [City])</p><p>{{ not ours }} [currentyear]</p><p><unsubscribe>Leave</unsubscribe> <a href=\"[webversion]\">Online</a></p></body></html>', '', '1642088477', 6, '1,2', 6, NULL, NULL, 1, NULL, NULL, NULL),
(2, 1, 1, 'Zoë', 'news@example.com', 'news@example.com', 'Text only', '', 'On [currentday] for [Points,fallback=0]', '', '', '', NULL, NULL, 0, NULL, NULL, 0, NULL, '2,9', NULL);

INSERT INTO `lists` (`id`, `app`, `userID`, `name`, `opt_in`, `unsubscribe_all_list`, `custom_fields`) VALUES
(1, 1, 1, 'News', 0, 1, 'First Name:Text%s%Birthday:Date'),
(2, 1, 1, 'Offers', 1, 1, NULL);

INSERT INTO `login` (`id`, `name`, `email`) VALUES
(1, 'Owner', 'owner@example.com');

INSERT INTO `subscribers` (`id`, `userID`, `name`, `email`, `custom_fields`, `list`, `unsubscribed`, `bounced`, `bounce_soft`, `complaint`, `last_campaign`, `last_ares`, `timestamp`, `join_date`, `confirmed`, `messageID`, `ip`, `country`, `referrer`, `method`, `added_via`, `gdpr`, `notes`) VALUES
(1, 1, 'Ada Lovelace', 'ada@example.org', 'Ada%s%444787200', 1, 0, 0, 1, 0, NULL, NULL, 1709283600, 1709283600, 1, NULL, NULL, NULL, NULL, 1, 1, 0, NULL),
(2, 1, 'Ada L.', 'Ada@example.org', NULL, 2, 0, 0, 0, 0, NULL, NULL, 1709283700, NULL, 1, NULL, NULL, NULL, NULL, 1, 1, 0, NULL),
(3, 1, '', 'left.news@example.org', '%s%', 1, 1, 0, 0, 0, NULL, NULL, 1709283600, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL),
(4, 1, '', 'left.news@example.org', NULL, 2, 0, 0, 0, 0, NULL, NULL, 1709283600, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL),
(5, 1, '', 'unconfirmed@example.org', NULL, 2, 0, 0, 0, 0, NULL, NULL, 1709283600, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL),
(6, 1, '', 'bounced@example.org', NULL, 1, 0, 1, 0, 0, NULL, NULL, 1709283600, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL),
(7, 1, '', 'complained@example.org', NULL, 1, 0, 1, 0, 1, NULL, NULL, 1709283600, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL),
(8, 1, '', 'left.all@example.org', NULL, 1, 1, 0, 0, 0, NULL, NULL, 1709283600, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL),
(9, 1, '', 'blocked@example.org', NULL, 1, 0, 0, 0, 0, NULL, NULL, 1709283600, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL),
(10, 1, '', 'gone.list@example.org', NULL, 7, 0, 0, 0, 0, NULL, NULL, 1709283600, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL),
(11, 1, '', 'no address', NULL, 1, 0, 0, 0, 0, NULL, NULL, 1709283600, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL);

INSERT INTO `suppression_list` (`id`, `app`, `email`, `timestamp`, `block_attempts`) VALUES
(1, 1, 'blocked@example.org', '1709283600', 0),
(2, 1, 'never.seen@example.org', '1709283600', 2);

INSERT INTO `template` (`id`, `userID`, `app`, `template_name`, `html_text`) VALUES
(1, 1, 1, 'House', '<html><body>[Name] <a href=\"[unsubscribe]\">Leave</a></body></html>');

/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;
